import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeBody,
  encodeLegacyAuto,
  MAX_TEXT_BYTES,
  REHANDSHAKE_BODY,
  readMessageId,
} from "../../shared/envelope/envelope.ts";
import { isLabel, readLabel } from "../../shared/labels/labels.ts";

/** As a harness wrapper that knows nothing of tinyplace's own block writes it. */
const WRAPPER = {
  envelope_version: "tinyplace.harness.session.v1",
  version: 1,
  bucket: { unit: "minute", start: "2026-07-01T10:20:00Z", end: "2026-07-01T10:21:00Z" },
  scope: {
    type: "session",
    key: "F25s3Ddj:build-box",
    cwd: "/home/ana/site",
    wrapper_session_id: "build-box",
    harness_session_id: "0b6e8c1e-5f7e-4d59-9a39-0d4f5d1f8f10",
  },
  harness: { provider: "codex", command: "codex", argv: ["--model", "o"] },
  message: {
    id: "line-42",
    line: 42,
    role: "user",
    text: "the build is green",
    timestamp: "2026-07-01T12:20:30+02:00",
    phase: "final",
  },
  source: { path: "/home/ana/.codex/s.jsonl", record_type: "response_item", source_role: "user" },
};

const PLAIN = {
  kind: "message",
  form: "text",
  id: null,
  role: "agent",
  fromSession: null,
  toSession: null,
  inReplyTo: null,
  auto: false,
  timestamp: null,
  harnessSessionId: null,
};

const bytes = (text: string) => new TextEncoder().encode(text);
const withTp = (tp: unknown) => decodeBody(JSON.stringify({ ...WRAPPER, tp }));
const withScope = (scope: unknown) => decodeBody(JSON.stringify({ ...WRAPPER, scope }));
const withMessage = (message: unknown) =>
  decodeBody(
    JSON.stringify({ ...WRAPPER, message: { ...WRAPPER.message, ...(message as object) } }),
  );

describe("F1 a harness wrapper's message without tp", () => {
  it("is read like any other", () => {
    const expected = {
      kind: "message",
      form: "envelope",
      id: "line-42",
      role: "user",
      text: "the build is green",
      fromSession: "build-box",
      toSession: null,
      inReplyTo: null,
      auto: false,
      timestamp: "2026-07-01T10:20:30.000Z",
      harnessSessionId: "0b6e8c1e-5f7e-4d59-9a39-0d4f5d1f8f10",
    };
    expect(decodeBody(bytes(JSON.stringify(WRAPPER)))).toEqual(expected);
    expect(decodeBody(` \n${JSON.stringify(WRAPPER, null, 2)}\n`)).toEqual(expected);
  });
});

describe("F2 the routing label", () => {
  it("is tp.from_session, whatever the wrapper is called", () => {
    expect(withTp({ v: 1, from_session: "claude:3" })).toMatchObject({ fromSession: "claude:3" });
  });

  it("falls back to wrapper_session_id when it is missing", () => {
    for (const tp of [{ v: 1 }, { v: 1, from_session: null }, {}, null, "text", [], 7])
      expect(withTp(tp)).toMatchObject({ fromSession: "build-box" });
  });

  it("is null when the wrapper's id is no safe label either", () => {
    for (const scope of [
      { wrapper_session_id: "../../etc" },
      { wrapper_session_id: 5 },
      {},
      null,
      [],
    ])
      expect(withScope(scope)).toMatchObject({ kind: "message", fromSession: null });
  });
});

describe("F3 labels are checked when read", () => {
  it("turns every malformed label into null, and keeps the message", () => {
    for (const bad of ["", "a b", "x".repeat(33), "a\n", "é", "<b>", 5, true, {}, ["claude:1"]])
      expect(withTp({ v: 1, from_session: bad, to_session: bad })).toMatchObject({
        text: "the build is green",
        fromSession: null,
        toSession: null,
      });
  });

  it("gives a well-formed label or null for any value", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (from_session, to_session) => {
        const tp: unknown = JSON.parse(JSON.stringify({ from_session, to_session }, safe) ?? "{}");
        const read = decodeBody(JSON.stringify({ ...WRAPPER, tp, scope: {} }));
        if (read.kind !== "message") throw new Error(read.kind);
        const sent = tp as { from_session?: unknown; to_session?: unknown };
        expect(read.fromSession).toBe(readLabel(sent.from_session));
        expect(read.toSession).toBe(readLabel(sent.to_session));
        for (const label of [read.fromSession, read.toSession])
          expect(label === null || isLabel(label)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads the other fields one by one", () => {
    expect(
      withTp({ v: "9", from_session: "ok", to_session: 1, in_reply_to: "a b", auto: "true" }),
    ).toMatchObject({ fromSession: "ok", toSession: null, inReplyTo: null, auto: false });
    expect(withTp({ in_reply_to: "msg-1", auto: true })).toMatchObject({
      inReplyTo: "msg-1",
      auto: true,
    });
    for (const timestamp of [
      "now",
      "2026-13-45T99:99:99Z",
      "2026-07-01",
      1751360000,
      null,
      "9999-12-31T23:59:59-14:00",
    ])
      expect(withMessage({ timestamp })).toMatchObject({ timestamp: null });
    expect(withScope({ harness_session_id: "x".repeat(129) })).toMatchObject({
      harnessSessionId: null,
    });
  });

  it("does not read what an object inherits, nor through __proto__", () => {
    const polluted = JSON.stringify(WRAPPER).replace(
      /}$/,
      `,"__proto__":{"tp":{"from_session":"evil","auto":true}},"tp":{"__proto__":{"auto":true,"to_session":"evil"}}}`,
    );
    expect(decodeBody(polluted)).toMatchObject({
      fromSession: "build-box",
      toSession: null,
      auto: false,
    });
    expect(({} as Record<string, unknown>).auto).toBeUndefined();
    const control = decodeBody(
      `{"control_version":"tinyplace.control.v1","__proto__":{"a":1},"x":[{"\\u005f_proto__":{"b":1},"c":2}]}`,
    );
    expect(control).toEqual({
      kind: "control",
      control: { control_version: "tinyplace.control.v1", x: [{ c: 2 }] },
    });
    if (control.kind === "control") expect(Object.hasOwn(control.control, "__proto__")).toBe(false);
  });
});

describe("F4 role and id", () => {
  it("reads user, and agent for anything else", () => {
    expect(withMessage({ role: "user" })).toMatchObject({ role: "user" });
    for (const role of ["agent", "assistant", "system", "USER", 1, null, undefined])
      expect(withMessage({ role })).toMatchObject({ role: "agent" });
  });

  it("takes ids of 1 to 128 printable characters, else null", () => {
    for (const id of ["msg-0123456789abcdef01", "7", "x".repeat(128)]) {
      expect(readMessageId(id)).toBe(id);
      expect(withMessage({ id })).toMatchObject({ id });
    }
    for (const id of ["", "x".repeat(129), "a b", "a\n", "\x01", "é", 7, null, {}]) {
      expect(readMessageId(id)).toBe(null);
      expect(withMessage({ id })).toMatchObject({ id: null });
    }
  });
});

describe("F5 older bodies, byte for byte", () => {
  it("writes them", () => {
    expect(bytes(REHANDSHAKE_BODY)).toEqual(
      Uint8Array.from([1, 116, 112, 45, 114, 101, 104, 97, 110, 100, 115, 104, 97, 107, 101, 1]),
    );
    expect(encodeLegacyAuto("hi")).toBe("\x01tp-auto\x01hi");
    expect(encodeLegacyAuto("hi", "msg-1")).toBe("\x01tp-auto\x01\x01re:msg-1\x01hi");
  });

  it("reads the automatic reply, with and without an id", () => {
    const auto = { ...PLAIN, form: "legacy-auto", auto: true };
    expect(decodeBody("\x01tp-auto\x01hi")).toEqual({ ...auto, text: "hi" });
    expect(decodeBody("\x01tp-auto\x01")).toEqual({ ...auto, text: "" });
    expect(decodeBody(bytes("\x01tp-auto\x01\x01re:msg-1\x01hi\x01"))).toEqual({
      ...auto,
      text: "hi\x01",
      inReplyTo: "msg-1",
    });
    for (const text of [
      "\x01re:open",
      "\x01re:a b\x01x",
      "\x01re:\x01x",
      `\x01re:${"9".repeat(129)}\x01x`,
    ])
      expect(decodeBody(`\x01tp-auto\x01${text}`)).toEqual({ ...auto, text });
  });

  it("reads back what it writes", () => {
    const id = fc.stringMatching(/^[\x21-\x7e]{1,128}$/);
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), id, (text, inReplyTo) => {
        expect(decodeBody(bytes(encodeLegacyAuto(text, inReplyTo)))).toMatchObject({
          form: "legacy-auto",
          text,
          inReplyTo,
          auto: true,
        });
      }),
    );
  });

  it("reads the re-key ping only when it stands alone", () => {
    expect(decodeBody(bytes(REHANDSHAKE_BODY))).toEqual({ kind: "rehandshake" });
    for (const text of [`${REHANDSHAKE_BODY} `, ` ${REHANDSHAKE_BODY}`, "\x01tp-rehandshake"])
      expect(decodeBody(text)).toEqual({ ...PLAIN, text });
  });

  it("reads anything else as plain text, unchanged", () => {
    const { text: _text, ...noText } = WRAPPER.message;
    for (const text of [
      "",
      "hello",
      "\ufeffhello",
      "  spaces  \r\n",
      "\x01tp-auto",
      "{",
      "{}",
      "[1]",
      "null",
      '{"envelope_version":"tinyplace.harness.session.v1"}',
      '{"envelope_version":"something.else","message":{"text":"x"}}',
      '{"__proto__":{"envelope_version":"tinyplace.harness.session.v1"},"message":{"text":"x"}}',
      '{"control_version":"tinyplace.control.v2"}',
      JSON.stringify({ ...WRAPPER, message: noText }),
      JSON.stringify({ ...WRAPPER, message: "x" }),
      JSON.stringify([WRAPPER]),
    ])
      expect(decodeBody(bytes(text))).toEqual({ ...PLAIN, text });
  });
});

describe("F6 depth, size and count are bounded", () => {
  const wrapped = (extra: string) => JSON.stringify(WRAPPER).replace(/}$/, `,"extra":${extra}}`);

  it("reads what nests deeper than any envelope as text, without parsing it", () => {
    const deep = (n: number) => wrapped("[".repeat(n) + "]".repeat(n));
    expect(decodeBody(deep(10))).toMatchObject({ form: "envelope" });
    expect(decodeBody(deep(100))).toEqual({ ...PLAIN, text: deep(100) });
    const brackets = JSON.stringify({ ...WRAPPER, message: { text: '[{"\\'.repeat(1000) } });
    expect(decodeBody(brackets)).toMatchObject({ form: "envelope", text: '[{"\\'.repeat(1000) });
  });

  it("reads what has too many values as text", () => {
    const many = wrapped(`[${"0,".repeat(30_000)}0]`);
    expect(decodeBody(many)).toEqual({ ...PLAIN, text: many });
  });

  it("answers to what is too large or no UTF-8 that it cannot be read", () => {
    const over = "x".repeat(MAX_TEXT_BYTES + 1);
    const message = { ...WRAPPER.message, text: over };
    for (const body of [over, JSON.stringify({ ...WRAPPER, message }), `\x01tp-auto\x01${over}`])
      for (const form of [body, bytes(body)])
        expect(decodeBody(form)).toMatchObject({
          kind: "unreadable",
          reason: expect.stringContaining("262144"),
        });
    expect(decodeBody(new Uint8Array(64_000_000))).toMatchObject({ kind: "unreadable" });
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2]])
      expect(decodeBody(Uint8Array.from(bad))).toMatchObject({
        kind: "unreadable",
        reason: expect.stringContaining("UTF-8"),
      });
  });

  it("stays linear on the worst bodies of the largest size", () => {
    const size = 1_600_000;
    const shapes = [
      "[",
      '{"a":',
      "{",
      '"',
      "\\",
      '{"\\',
      " ",
      "\x01re:",
      "\ud800",
      "9",
      "[]",
      ",",
      '"",',
    ];
    const started = performance.now();
    for (const shape of shapes)
      for (const head of ["", "{", '{"', "\x01tp-auto\x01"]) {
        const body = (head + shape.repeat(size)).slice(0, size);
        decodeBody(body);
        decodeBody(bytes(body).subarray(0, size));
      }
    // 104 bodies take about a second; anything quadratic would take hours.
    expect(performance.now() - started).toBeLessThan(60_000);
  });
});

/** What JSON cannot carry (bigint) becomes text; a cycle cannot come out of fc.anything. */
function safe(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
