import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
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
  REHANDSHAKE_BODY,
  sessionEnvelopeSchema,
} from "../../shared/envelope/envelope.ts";

const SCHEMA = new URL("../../shared/envelope/session-envelope-v1.schema.json", import.meta.url);
const body = (changes: Partial<OutgoingBody> = {}): OutgoingBody => ({
  id: "msg-0123456789abcdef01",
  role: "agent",
  text: "hello",
  fromSession: "claude:1",
  toSession: null,
  inReplyTo: null,
  auto: false,
  timestamp: "2026-01-02T03:04:05.678Z",
  agent: "agent",
  cwd: "/work",
  wrapperSessionId: "w-1",
  harnessSessionId: null,
  ...changes,
});
const label = fc.stringMatching(/^[\w:-]{1,32}$/);

describe("F1 the envelope", () => {
  test("carries every field there and back", () => {
    const input = fc.record({
      id: fc.uint8Array({ minLength: 9, maxLength: 9 }).map(newMessageId),
      role: fc.constantFrom("user" as const, "agent" as const),
      text: fc.string({ unit: "grapheme", maxLength: 2000 }),
      fromSession: label,
      toSession: fc.option(label),
      inReplyTo: fc.option(fc.uint8Array({ minLength: 9, maxLength: 9 }).map(newMessageId)),
      auto: fc.boolean(),
    });
    fc.assert(
      fc.property(input, (fields) => {
        const bytes = new TextEncoder().encode(encodeEnvelope(body(fields)));
        expect(decodeBody(bytes)).toMatchObject({ kind: "message", form: "envelope", ...fields });
      }),
    );
  });

  test("is plain for a reader that knows only the envelope", () => {
    const json = JSON.parse(encodeEnvelope(body()));
    expect(json).toMatchObject({
      envelope_version: "tinyplace.harness.session.v1",
      version: 1,
      bucket: { unit: "minute", start: "2026-01-02T03:04:00.000Z" },
      scope: { key: "agent:claude:1", wrapper_session_id: "w-1" },
      tp: { v: 1, from_session: "claude:1" },
    });
    expect(json.tp).not.toHaveProperty("to_session");
  });
});

test("F7 the published JSON Schema is the code's own, and what is encoded fits it", () => {
  const published = JSON.parse(readFileSync(SCHEMA, "utf8"));
  expect(published).toEqual(z.toJSONSchema(sessionEnvelopeSchema));
  const validate = new Ajv2020().compile(published);
  const encoded = encodeEnvelope(body({ toSession: "claude:2", inReplyTo: "msg-1", auto: true }));
  expect(validate(JSON.parse(encoded))).toBe(true);
  expect(validate({ ...JSON.parse(encoded), version: 2 })).toBe(false);
});

describe("F2 and F3 labels in messages", () => {
  const envelope = (tp: unknown, wrapper = "fallback:1") =>
    JSON.stringify({
      envelope_version: "tinyplace.harness.session.v1",
      scope: { wrapper_session_id: wrapper },
      message: { text: "hi" },
      tp,
    });

  test("F2 a missing from_session falls back to a safe wrapper id", () => {
    expect(decodeBody(envelope(undefined))).toMatchObject({ fromSession: "fallback:1" });
    expect(decodeBody(envelope({}, "not safe!"))).toMatchObject({ fromSession: null });
  });

  test("F3 whatever is no label becomes null", () => {
    for (const bad of ["", "a b", "x".repeat(33), "claude:1\n", 7, null, {}, ["claude:1"]]) {
      const decoded = decodeBody(envelope({ from_session: bad, to_session: bad }, "!"));
      expect(decoded).toMatchObject({ fromSession: null, toSession: null, text: "hi" });
    }
  });
});

test("F4 message ids are msg- and 18 hex digits", () => {
  expect(newMessageId(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 255]))).toBe(
    "msg-0001020304050607ff",
  );
  expect(isMessageId("msg-0001020304050607ff")).toBe(true);
  expect(isMessageId("msg-0001020304050607f")).toBe(false);
});

describe("F5 older bodies, byte for byte", () => {
  test("automatic replies", () => {
    expect(encodeLegacyAuto("ok", null)).toBe("\x01tp-auto\x01ok");
    expect(encodeLegacyAuto("ok", "m1")).toBe("\x01tp-auto\x01\x01re:m1\x01ok");
    expect(decodeBody("\x01tp-auto\x01\x01re:m1\x01ok")).toMatchObject({
      form: "legacy-auto",
      auto: true,
      inReplyTo: "m1",
      text: "ok",
    });
    expect(decodeBody("\x01tp-auto\x01\x01re:ok")).toMatchObject({ text: "\x01re:ok" });
  });

  test("the re-key ping alone, and anything else as plain text", () => {
    expect(decodeBody(REHANDSHAKE_BODY)).toEqual({ kind: "rehandshake" });
    expect(decodeBody(`${REHANDSHAKE_BODY}x`)).toMatchObject({ form: "text" });
    expect(decodeBody("just words")).toMatchObject({ form: "text", text: "just words" });
    expect(decodeBody('{"a":1}')).toMatchObject({ form: "text", text: '{"a":1}' });
  });
});

describe("F6 bounds", () => {
  test("a text over 256 KiB is a clear error to the sender", () => {
    expect(() => checkTextSize("é".repeat(MAX_TEXT_BYTES / 2))).not.toThrow();
    expect(() => checkTextSize(`${"é".repeat(MAX_TEXT_BYTES / 2)}x`)).toThrow(/256 KiB/);
    expect(() => encodeEnvelope(body({ text: "x".repeat(MAX_TEXT_BYTES + 1) }))).toThrow(/256 KiB/);
  });

  test("too large, too deep and not text are no crash", () => {
    expect(decodeBody("x".repeat(MAX_TEXT_BYTES + 1))).toMatchObject({ kind: "unreadable" });
    expect(decodeBody(new Uint8Array(9_000_000))).toMatchObject({ kind: "unreadable" });
    expect(decodeBody(new Uint8Array([0xff, 0xfe]))).toMatchObject({ kind: "unreadable" });
    expect(decodeBody(`{"a":${"[".repeat(200_000)}`)).toMatchObject({ form: "text" });
  });
});
