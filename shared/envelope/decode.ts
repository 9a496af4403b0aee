import { readLabel } from "../labels/labels.ts";
import {
  type Json,
  own,
  parseWithoutPrototypes,
  readTimestamp,
  record,
  wellFormed,
} from "./fields.ts";
import { decodeLegacyAuto, REHANDSHAKE_BODY } from "./legacy.ts";
import { fitsTextLimit, isBoundedJson, MAX_BODY_BYTES, MAX_TEXT_BYTES } from "./limits.ts";
import { readMessageId } from "./message-id.ts";
import { CONTROL_VERSION, ENVELOPE_VERSION } from "./schema.ts";

/** A body as read. Everything in it was chosen by a stranger (rule F3). */
export type DecodedBody =
  | {
      readonly kind: "message";
      readonly form: "envelope" | "legacy-auto" | "text";
      /** Printable ASCII, at most 128 characters; so are `inReplyTo` and `harnessSessionId`. */
      readonly id: string | null;
      readonly role: "user" | "agent";
      /** Well-formed Unicode, at most 256 KiB of UTF-8. */
      readonly text: string;
      readonly fromSession: string | null;
      readonly toSession: string | null;
      readonly inReplyTo: string | null;
      /** The loop guard: an automatic reply is never answered automatically. */
      readonly auto: boolean;
      /** ISO 8601 in UTC with milliseconds, as the sender's clock had it. */
      readonly timestamp: string | null;
      readonly harnessSessionId: string | null;
    }
  | { readonly kind: "rehandshake" }
  | { readonly kind: "control"; readonly control: Readonly<Record<string, unknown>> }
  | { readonly kind: "unreadable"; readonly reason: string };

type Message = Extract<DecodedBody, { kind: "message" }>;

/** Never throws and never hangs, on any bytes (rule F6): size, then depth and count, then JSON. */
export function decodeBody(body: Uint8Array | string): DecodedBody {
  if (body.length > MAX_BODY_BYTES) return tooLarge();
  const text = typeof body === "string" ? body : utf8(body);
  if (text === null) return { kind: "unreadable", reason: "the body is not UTF-8 text" };
  if (text === REHANDSHAKE_BODY) return { kind: "rehandshake" };
  const decoded = legacyAuto(text) ?? structured(text) ?? plain(text);
  if (decoded.kind !== "message") return decoded;
  return fitsTextLimit(decoded.text) ? { ...decoded, text: wellFormed(decoded.text) } : tooLarge();
}

function utf8(bytes: Uint8Array): string | null {
  try {
    // Lenient decoding would let different bytes become one text; a byte order mark is text too.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
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

function legacyAuto(text: string): Message | null {
  const legacy = decodeLegacyAuto(text);
  return legacy && { ...plain(legacy.text), ...legacy, form: "legacy-auto", auto: true };
}

/** An envelope or a control message, or null when the text is neither. */
function structured(text: string): DecodedBody | null {
  if (!/^[ \t\r\n]*\{/.test(text) || !isBoundedJson(text)) return null;
  try {
    const json = record(JSON.parse(text));
    if (own(json, "control_version") === CONTROL_VERSION) {
      const control = parseWithoutPrototypes(text);
      return control && { kind: "control", control };
    }
    return json && own(json, "envelope_version") === ENVELOPE_VERSION ? envelope(json) : null;
  } catch {
    return null;
  }
}

/** Field by field: one bad field costs that field, not the message. Only the text must be there. */
function envelope(json: Json): Message | null {
  const message = record(own(json, "message"));
  const text = own(message, "text");
  if (typeof text !== "string") return null;
  const scope = record(own(json, "scope"));
  const tp = record(own(json, "tp"));
  // A label that is there but malformed is nobody's; only a missing one has a fallback (rule F2).
  const label = own(tp, "from_session") ?? own(scope, "wrapper_session_id");
  return {
    kind: "message",
    form: "envelope",
    id: readMessageId(own(message, "id")),
    role: own(message, "role") === "user" ? "user" : "agent",
    text,
    fromSession: readLabel(label),
    toSession: readLabel(own(tp, "to_session")),
    inReplyTo: readMessageId(own(tp, "in_reply_to")),
    auto: own(tp, "auto") === true,
    timestamp: readTimestamp(own(message, "timestamp")),
    harnessSessionId: readMessageId(own(scope, "harness_session_id")),
  };
}

function tooLarge(): DecodedBody {
  return {
    kind: "unreadable",
    reason: `the message is larger than ${MAX_TEXT_BYTES} bytes (256 KiB)`,
  };
}
