import { readLabel } from "../labels/labels.ts";
import { REHANDSHAKE_BODY } from "./encode.ts";
import {
  fitsTextLimit,
  MAX_BODY_BYTES,
  MAX_DEPTH,
  MAX_TEXT_BYTES,
  nestsDeeperThan,
} from "./limits.ts";
import { readMessageId } from "./message-id.ts";

/** A body as read. Everything in it was chosen by a stranger (rule F3). */
export type DecodedBody =
  | {
      readonly kind: "message";
      readonly form: "envelope" | "legacy-auto" | "text";
      readonly id: string | null;
      readonly role: "user" | "agent";
      readonly text: string;
      readonly fromSession: string | null;
      readonly toSession: string | null;
      readonly inReplyTo: string | null;
      readonly auto: boolean;
      readonly timestamp: string | null;
      readonly harnessSessionId: string | null;
    }
  | { readonly kind: "rehandshake" }
  | { readonly kind: "control"; readonly control: Readonly<Record<string, unknown>> }
  | { readonly kind: "unreadable"; readonly reason: string };

type Message = Extract<DecodedBody, { kind: "message" }>;
type Json = Readonly<Record<string, unknown>>;

const AUTO_PREFIX = "\x01tp-auto\x01";
const REPLY_MARK = "\x01re:";
const MAX_SHORT_TEXT = 256;

/** Never throws and never hangs, on any bytes (rule F6): size, then depth, then JSON. */
export function decodeBody(body: Uint8Array | string): DecodedBody {
  const text = typeof body === "string" ? body : utf8(body);
  if (text === null) return { kind: "unreadable", reason: "the body is not UTF-8 text" };
  if (text.length > MAX_BODY_BYTES) return tooLarge();
  if (text === REHANDSHAKE_BODY) return { kind: "rehandshake" };
  const decoded = text.startsWith(AUTO_PREFIX)
    ? legacyAuto(text)
    : (structured(text) ?? plain(text));
  return decoded.kind === "message" && !fitsTextLimit(decoded.text) ? tooLarge() : decoded;
}

function utf8(bytes: Uint8Array): string | null {
  if (bytes.length > MAX_BODY_BYTES) return " ".repeat(MAX_BODY_BYTES + 1);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function legacyAuto(text: string): Message {
  const rest = text.slice(AUTO_PREFIX.length);
  if (rest.startsWith(REPLY_MARK)) {
    const end = rest.indexOf("\x01", REPLY_MARK.length);
    const id = end < 0 ? null : readMessageId(rest.slice(REPLY_MARK.length, end));
    if (id !== null) {
      return { ...plain(rest.slice(end + 1)), form: "legacy-auto", auto: true, inReplyTo: id };
    }
  }
  return { ...plain(rest), form: "legacy-auto", auto: true };
}

function plain(text: string): Message {
  return {
    kind: "message",
    form: "text",
    id: null,
    role: "agent",
    text,
    fromSession: null,
    toSession: null,
    inReplyTo: null,
    auto: false,
    timestamp: null,
    harnessSessionId: null,
  };
}

/** An envelope or a control message, or null when the text is neither. */
function structured(text: string): DecodedBody | null {
  if (!text.startsWith("{") || nestsDeeperThan(text, MAX_DEPTH)) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const json = record(value);
  if (!json) return null;
  if (own(json, "control_version") === "tinyplace.control.v1") {
    return { kind: "control", control: json };
  }
  if (own(json, "envelope_version") !== "tinyplace.harness.session.v1") return null;
  const message = record(own(json, "message"));
  const content = message ? own(message, "text") : undefined;
  return message && typeof content === "string" ? envelope(json, message, content) : null;
}

/** Field by field: one bad field costs that field, not the message. */
function envelope(json: Json, message: Json, text: string): Message {
  const scope = record(own(json, "scope"));
  const tp = record(own(json, "tp"));
  const wrapper = readLabel(scope && own(scope, "wrapper_session_id"));
  return {
    kind: "message",
    form: "envelope",
    id: readMessageId(own(message, "id")),
    role: own(message, "role") === "user" ? "user" : "agent",
    text,
    fromSession: readLabel(tp && own(tp, "from_session")) ?? wrapper,
    toSession: readLabel(tp && own(tp, "to_session")),
    inReplyTo: readMessageId(tp && own(tp, "in_reply_to")),
    auto: tp !== null && own(tp, "auto") === true,
    timestamp: shortText(own(message, "timestamp")),
    harnessSessionId: shortText(scope && own(scope, "harness_session_id")),
  };
}

function record(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Json)
    : null;
}

/** Own fields only: a body must not reach `__proto__` or `constructor`. */
function own(json: Json, key: string): unknown {
  return Object.hasOwn(json, key) ? json[key] : undefined;
}

function shortText(value: unknown): string | null {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_SHORT_TEXT
    ? value
    : null;
}

function tooLarge(): DecodedBody {
  return { kind: "unreadable", reason: `the message is larger than ${MAX_TEXT_BYTES} bytes` };
}
