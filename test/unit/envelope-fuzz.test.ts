import { describe, expect, it, onTestFinished } from "vitest";
import { type DecodedBody, decodeBody, encodeEnvelope } from "../../shared/envelope/envelope.ts";
import { isLabel } from "../../shared/labels/labels.ts";

/** `TINYPLACE_FUZZ_SEED` repeats a failing run. */
const SEED = Number(process.env.TINYPLACE_FUZZ_SEED ?? Date.now() % 0x7fffffff);
const BODIES = 1_000_000;

/** mulberry32: small, fast, and the same on every machine for one seed. */
function generator(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const random = generator(SEED);
const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const VALID = [0, 1, 2, 3, 4, 5].map((n) =>
  encoder.encode(
    encodeEnvelope({
      id: `msg-${String(n).repeat(18)}`,
      role: n % 2 ? "user" : "agent",
      text: ["", "hello", 'quote " \\ \n', "é\u{1f600}", "\x01tp-auto\x01", "{[{["][n] as string,
      fromSession: n % 3 ? `claude:${n}` : null,
      toSession: n % 2 ? "claude:2" : null,
      inReplyTo: n > 3 ? "msg-000000000000000000" : null,
      auto: n === 5,
      timestamp: "2026-07-01T10:20:30.400Z",
      agent: "F25s3Ddj",
      cwd: "/work",
      wrapperSessionId: n % 2 ? "wrapper" : "5f0c1a52-9df0-4a8e-b7a7-6f1f2d3c4b5a",
      harnessSessionId: n ? "h" : null,
    }),
  ),
);
const KEYS = (
  "envelope_version control_version version bucket scope message tp text id role timestamp auto " +
  "from_session to_session in_reply_to wrapper_session_id harness_session_id __proto__ constructor toString"
).split(" ");
const ATOMS = [
  '"tinyplace.harness.session.v1"',
  '"tinyplace.control.v1"',
  '"claude:1"',
  '"\\ud800"',
  '"\\u0000"',
  '"../x"',
  "1e999",
  "-0",
  "9".repeat(400),
  "null",
  "true",
  "[]",
  "{}",
  '""',
  "NaN",
  '"',
  "\\",
  "\u2028",
];
const LEGACY = [
  "\x01tp-auto\x01",
  "\x01re:",
  "\x01tp-rehandshake\x01",
  "msg-1",
  "\x01",
  "text",
  "{",
];

function jsonish(depth: number): string {
  if (depth === 0 || random(4) === 0) return pick(ATOMS);
  if (random(5) === 0) return `[${jsonish(depth - 1)},${jsonish(depth - 1)}]`;
  let body = "";
  for (let i = random(4); i >= 0; i--) body += `"${pick(KEYS)}":${jsonish(depth - 1)},`;
  return `{${random(20) ? body.slice(0, -1) : body}}`;
}

/** Complete envelopes and control messages whose single fields are anything. */
function oddEnvelope(): string {
  const part = () => jsonish(random(3));
  if (random(8) === 0)
    return `{"control_version":"tinyplace.control.v1","${pick(KEYS)}":${part()},"x":${part()}}`;
  return `{"envelope_version":"tinyplace.harness.session.v1","scope":{"wrapper_session_id":${part()},"harness_session_id":${part()}},"message":{"text":${random(3) ? '"t\\udfff"' : part()},"id":${part()},"role":${part()},"timestamp":${part()}},"tp":{"from_session":${part()},"to_session":${part()},"in_reply_to":${part()},"auto":${part()}},"${pick(KEYS)}":${part()}}`;
}

function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const below = pick([256, 128, 0x30]);
  for (let i = 0; i < length; i++) bytes[i] = random(below);
  return bytes;
}

function mutated(): Uint8Array {
  let bytes = pick(VALID).slice();
  for (let i = random(4); i >= 0; i--) {
    const at = random(bytes.length + 1);
    const kind = random(4);
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length] = random(256);
    else if (kind === 1 && bytes.length > 0)
      bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << random(8));
    else if (kind === 2) bytes = random(3) ? bytes.slice(0, at) : bytes.slice(at);
    else {
      const other = pick(VALID);
      const piece = random(2) ? noise(random(8)) : other.subarray(random(other.length));
      const joined = new Uint8Array(bytes.length + piece.length);
      joined.set(bytes.subarray(0, at));
      joined.set(piece, at);
      joined.set(bytes.subarray(at), at + piece.length);
      bytes = joined;
    }
  }
  return bytes;
}

function nested(): string {
  const open = pick(["[", '{"a":', '{"message":', '{"tp":[']);
  const body = open.repeat(random(200) === 0 ? 20_000 : random(40));
  return (random(2) ? '{"envelope_version":"tinyplace.harness.session.v1","message":' : "") + body;
}

function body(): Uint8Array | string {
  switch (random(8)) {
    case 0:
      return noise(random(120));
    case 1:
      return jsonish(4);
    case 2:
      return oddEnvelope();
    case 3:
      return nested();
    case 4:
      return Array.from({ length: 1 + random(5) }, () => pick(LEGACY)).join("");
    case 5:
      return decoder.decode(mutated());
    default:
      return mutated();
  }
}

const idOrNull = (value: string | null) => value === null || /^[\x21-\x7e]{1,128}$/.test(value);
const labelOrNull = (value: string | null) => value === null || isLabel(value);

/** Null when the result keeps what decodeBody promises, else what is wrong with it. */
function problemOf(read: DecodedBody): string | null {
  if (read.kind === "rehandshake") return null;
  if (read.kind === "unreadable") return read.reason.length > 0 ? null : "no reason";
  if (read.kind === "control")
    return read.control.control_version === "tinyplace.control.v1" ? null : "control";
  if (read.kind !== "message") return "kind";
  if (!["envelope", "legacy-auto", "text"].includes(read.form)) return "form";
  if (!labelOrNull(read.fromSession) || !labelOrNull(read.toSession)) return "label";
  if (!idOrNull(read.id) || !idOrNull(read.inReplyTo)) return "id";
  if (!idOrNull(read.harnessSessionId)) return "harness session id";
  if (read.role !== "user" && read.role !== "agent") return "role";
  if (typeof read.auto !== "boolean") return "auto";
  if (typeof read.text !== "string" || /\p{Surrogate}/u.test(read.text)) return "text";
  if (read.timestamp !== null && new Date(read.timestamp).toISOString() !== read.timestamp)
    return "timestamp";
  return null;
}

describe("F6 decoding never throws", () => {
  it(`on ${BODIES} random and mutated bodies`, { timeout: 300_000 }, () => {
    const seen = new Map<string, number>();
    // Most bodies make JSON.parse throw: collecting its stack traces is half of the whole time.
    const stackTraceLimit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    for (let n = 0; n < BODIES; n++) {
      const input = body();
      let problem: string | null;
      try {
        const read = decodeBody(input);
        const kind = read.kind === "message" ? read.form : read.kind;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        problem = problemOf(read);
      } catch (error) {
        problem = `threw ${String(error)}`;
      }
      if (problem !== null) {
        const shown =
          typeof input === "string" ? JSON.stringify(input) : `bytes ${input.join(" ")}`;
        throw new Error(
          `TINYPLACE_FUZZ_SEED=${SEED}, body ${n}: ${problem}: ${shown.slice(0, 2000)}`,
        );
      }
    }
    // The generator is worth its time only while it reaches every kind of result.
    for (const kind of ["envelope", "legacy-auto", "text", "rehandshake", "control", "unreadable"])
      expect(seen.get(kind) ?? 0, `${kind}, TINYPLACE_FUZZ_SEED=${SEED}`).toBeGreaterThan(100);
  });
});
