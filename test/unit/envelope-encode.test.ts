import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  checkTextSize,
  decodeBody,
  encodeEnvelope,
  encodeLegacyAuto,
  isMessageId,
  MAX_TEXT_BYTES,
  newMessageId,
  type OutgoingBody,
  sessionEnvelopeSchema,
} from "../../shared/envelope/envelope.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";

const SCHEMA_FILE = fileURLToPath(
  new URL("../../shared/envelope/session-envelope-v1.schema.json", import.meta.url),
);

const label = fc.stringMatching(/^[\w:-]{1,32}$/);
const maybeLabel = fc.option(label, { nil: null });
const messageId = fc.uint8Array({ minLength: 9, maxLength: 9 }).map(newMessageId);
const timestamp = fc
  .date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true })
  .map((date) => date.toISOString());

const outgoing: fc.Arbitrary<OutgoingBody> = fc.record({
  id: messageId,
  role: fc.constantFrom("user" as const, "agent" as const),
  text: fc.string({ unit: "binary", maxLength: 2000 }),
  fromSession: maybeLabel,
  toSession: maybeLabel,
  inReplyTo: fc.option(messageId, { nil: null }),
  auto: fc.boolean(),
  timestamp,
  agent: fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{44}$/),
  cwd: fc.string(),
  wrapperSessionId: fc.oneof(label, fc.uuid()),
  harnessSessionId: fc.option(fc.uuid(), { nil: null }),
  line: fc.nat(),
});

const example: OutgoingBody = {
  id: "msg-0123456789abcdef01",
  role: "agent",
  text: "hello",
  fromSession: "claude:1",
  toSession: "claude:2",
  inReplyTo: "msg-ffffffffffffffffff",
  auto: true,
  timestamp: "2026-07-01T10:20:30.400Z",
  agent: "F25s3Ddj",
  cwd: "/work",
  wrapperSessionId: "5f0c1a52-9df0-4a8e-b7a7-6f1f2d3c4b5a",
  harnessSessionId: "harness-1",
  line: 7,
};

function codeOf(act: () => unknown): TinyplaceError {
  try {
    act();
  } catch (error) {
    if (error instanceof TinyplaceError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("F1 the envelope as it is written", () => {
  it("has every field of SessionEnvelopeV1 and the tp block", () => {
    expect(JSON.parse(encodeEnvelope(example))).toEqual({
      envelope_version: "tinyplace.harness.session.v1",
      version: 1,
      bucket: {
        unit: "minute",
        start: "2026-07-01T10:20:00.000Z",
        end: "2026-07-01T10:21:00.000Z",
      },
      scope: {
        type: "session",
        key: "F25s3Ddj:claude:1",
        cwd: "/work",
        wrapper_session_id: "5f0c1a52-9df0-4a8e-b7a7-6f1f2d3c4b5a",
        harness_session_id: "harness-1",
      },
      harness: { provider: "claude", command: "claude", argv: [] },
      message: {
        id: "msg-0123456789abcdef01",
        line: 7,
        role: "agent",
        text: "hello",
        timestamp: "2026-07-01T10:20:30.400Z",
      },
      source: { path: "", record_type: "tinyplace.message" },
      tp: {
        v: 1,
        from_session: "claude:1",
        to_session: "claude:2",
        in_reply_to: "msg-ffffffffffffffffff",
        auto: true,
      },
    });
  });

  it("leaves out what is null or false", () => {
    const bare = { ...example, fromSession: null, toSession: null, inReplyTo: null, auto: false };
    expect(JSON.parse(encodeEnvelope(bare)).tp).toEqual({ v: 1 });
  });

  it("reads back what was written", () => {
    fc.assert(
      fc.property(outgoing, (body) => {
        expect(decodeBody(new TextEncoder().encode(encodeEnvelope(body)))).toEqual({
          kind: "message",
          form: "envelope",
          id: body.id,
          role: body.role,
          text: body.text,
          fromSession: body.fromSession,
          toSession: body.toSession,
          inReplyTo: body.inReplyTo,
          auto: body.auto,
          timestamp: body.timestamp,
          harnessSessionId: body.harnessSessionId,
        });
      }),
      { numRuns: 2000 },
    );
  });

  it("is the same text from bytes and from a string, half surrogates replaced", () => {
    const body = encodeEnvelope({ ...example, text: "a\ud800b\udc00c\u{1f600}" });
    expect(decodeBody(body)).toEqual(decodeBody(new TextEncoder().encode(body)));
    expect(decodeBody(body)).toMatchObject({ text: "a\ufffdb\ufffdc\u{1f600}" });
  });

  it("takes any timestamp without failing", () => {
    for (const odd of [
      "",
      "yesterday",
      "+275760-09-13T00:00:00.000Z",
      "-271821-04-20T00:00:00.000Z",
    ])
      expect(() => encodeEnvelope({ ...example, timestamp: odd })).not.toThrow();
  });
});

describe("F3 malformed labels are refused when written", () => {
  it.each(["", "a b", "x".repeat(33), "claude/1", "é", "claude:1\n"])("refuses %j", (bad) => {
    for (const field of ["fromSession", "toSession"] as const) {
      const error = codeOf(() => encodeEnvelope({ ...example, [field]: bad }));
      expect(error.code).toBe("bad_label");
      expect(error.next).not.toBe("");
    }
  });
});

describe("F4 message ids", () => {
  it("are msg- and the 18 hex digits of 9 bytes", () => {
    expect(newMessageId(Uint8Array.of(0, 1, 2, 15, 16, 127, 128, 254, 255))).toBe(
      "msg-0001020f107f80feff",
    );
    expect(() => newMessageId(new Uint8Array(8))).toThrow();
    fc.assert(fc.property(messageId, (id) => isMessageId(id) && /^msg-[0-9a-f]{18}$/.test(id)));
    for (const bad of ["msg-", "msg-0123456789ABCDEF01", "msg-0123456789abcdef01\n", 5, null])
      expect(isMessageId(bad)).toBe(false);
  });

  it("that no reader would accept are not sent as in_reply_to", () => {
    for (const inReplyTo of ["", "a b", "x".repeat(129), "id\x01evil"]) {
      expect(JSON.parse(encodeEnvelope({ ...example, inReplyTo })).tp.in_reply_to).toBeUndefined();
      expect(encodeLegacyAuto("t", inReplyTo)).toBe("\x01tp-auto\x01t");
    }
  });
});

describe("F6 a text above 256 KiB is refused before anything is sent", () => {
  const exact = "x".repeat(MAX_TEXT_BYTES);

  it("counts UTF-8 bytes, and the last byte that fits makes the way there and back", () => {
    for (const text of [exact, "é".repeat(MAX_TEXT_BYTES / 2), "\x01".repeat(MAX_TEXT_BYTES)]) {
      const body = encodeEnvelope({ ...example, text });
      expect(decodeBody(new TextEncoder().encode(body))).toMatchObject({ kind: "message", text });
    }
  });

  it.each([
    ["one byte more", `${exact}x`],
    ["two-byte letters", "é".repeat(MAX_TEXT_BYTES / 2 + 1)],
    ["emoji", "\u{1f600}".repeat(MAX_TEXT_BYTES / 4 + 1)],
    ["half surrogates", "\ud800".repeat(MAX_TEXT_BYTES / 3 + 1)],
  ])("refuses %s with the next step", (_name, text) => {
    for (const act of [
      () => checkTextSize(text),
      () => encodeEnvelope({ ...example, text }),
      () => encodeLegacyAuto(text),
    ]) {
      const error = codeOf(act);
      expect(error.code).toBe("body_too_large");
      expect(error.message).toContain(String(MAX_TEXT_BYTES));
      expect(error.next).toContain("Nothing was sent");
    }
  });
});

describe("F7 the published JSON Schema", () => {
  it("is what the zod schema generates (vitest -u writes it anew)", async () => {
    const generated = `${JSON.stringify(z.toJSONSchema(sessionEnvelopeSchema), null, 2)}\n`;
    await expect(generated).toMatchFileSnapshot(SCHEMA_FILE);
  });

  const published = JSON.parse(readFileSync(SCHEMA_FILE, "utf8"));
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(published);

  it("accepts every envelope we write", () => {
    fc.assert(
      fc.property(outgoing, (body) => {
        const value: unknown = JSON.parse(encodeEnvelope(body));
        expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
        expect(sessionEnvelopeSchema.safeParse(value).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("accepts fields of later versions, and refuses a bad label, role, version or missing text", () => {
    const valid = JSON.parse(encodeEnvelope(example));
    expect(validate({ ...valid, later: 1, tp: { ...valid.tp, later: 1 } })).toBe(true);
    const { tp: _none, ...withoutBlock } = valid;
    expect(validate(withoutBlock)).toBe(true);
    const { text: _text, ...noText } = valid.message;
    for (const invalid of [
      { ...valid, tp: { ...valid.tp, from_session: "a b" } },
      { ...valid, tp: { ...valid.tp, v: 2 } },
      { ...valid, message: { ...valid.message, role: "system" } },
      { ...valid, envelope_version: "tinyplace.harness.session.v2" },
      { ...valid, message: noText },
    ])
      expect(validate(invalid)).toBe(false);
  });
});
