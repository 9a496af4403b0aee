import { TinyplaceError } from "../errors/errors.ts";
import { isLabel } from "../labels/labels.ts";
import { wellFormed } from "./fields.ts";
import { checkTextSize } from "./limits.ts";
import { readMessageId } from "./message-id.ts";
import { ENVELOPE_VERSION, type SessionEnvelope } from "./schema.ts";

export interface OutgoingBody {
  /** From `newMessageId`. */
  readonly id: string;
  readonly role: "user" | "agent";
  /** At most `MAX_TEXT_BYTES` of UTF-8. */
  readonly text: string;
  /** Label of the sending session; null for a person or client without a session. */
  readonly fromSession: string | null;
  readonly toSession: string | null;
  readonly inReplyTo: string | null;
  readonly auto: boolean;
  /** ISO 8601 */
  readonly timestamp: string;
  /** The agent's cryptoId. */
  readonly agent: string;
  readonly cwd: string;
  readonly wrapperSessionId: string;
  readonly harnessSessionId: string | null;
  /** Line of the harness's transcript, from 0. */
  readonly line?: number;
}

/** Stands in `scope.key` for the label of a sender without a session. */
const NO_SESSION = "desktop";
const MINUTE_MS = 60_000;
const LAST_TIME_MS = 8.64e15;

/** The plaintext of a message (rule F1). Throws `body_too_large` and `bad_label`. */
export function encodeEnvelope(body: OutgoingBody): string {
  checkTextSize(body.text);
  const { fromSession, toSession } = body;
  requireLabel(fromSession);
  requireLabel(toSession);
  const envelope: SessionEnvelope = {
    envelope_version: ENVELOPE_VERSION,
    version: 1,
    bucket: minuteOf(body.timestamp),
    scope: {
      type: "session",
      key: `${body.agent}:${fromSession ?? NO_SESSION}`,
      cwd: body.cwd,
      wrapper_session_id: wrapperId(body),
      harness_session_id: body.harnessSessionId ?? "",
    },
    harness: { provider: "claude", command: "claude", argv: [] },
    message: {
      id: body.id,
      line: body.line ?? 0,
      role: body.role,
      text: wellFormed(body.text),
      timestamp: body.timestamp,
    },
    source: { path: "", record_type: "tinyplace.message" },
    tp: routing(body),
  };
  return JSON.stringify(envelope);
}

/** The block only our readers know. An id no reader would accept is left out. */
function routing(body: OutgoingBody): NonNullable<SessionEnvelope["tp"]> {
  const inReplyTo = readMessageId(body.inReplyTo);
  return {
    v: 1,
    ...(body.fromSession === null ? {} : { from_session: body.fromSession }),
    ...(body.toSession === null ? {} : { to_session: body.toSession }),
    ...(inReplyTo === null ? {} : { in_reply_to: inReplyTo }),
    ...(body.auto ? { auto: true } : {}),
  };
}

/**
 * Readers take a wrapper id in label shape for the sender's label when there is none (rule F2). A
 * sender without a session must not become one that way: the slash makes it no label.
 */
function wrapperId({ fromSession, wrapperSessionId }: OutgoingBody): string {
  return fromSession === null && isLabel(wrapperSessionId)
    ? `${NO_SESSION}/${wrapperSessionId}`
    : wrapperSessionId;
}

function minuteOf(timestamp: string): SessionEnvelope["bucket"] {
  const start = Math.floor(Date.parse(timestamp) / MINUTE_MS) * MINUTE_MS;
  // What is no date falls into the first minute: a wrong clock must not keep a message from going.
  const known = Math.abs(start) <= LAST_TIME_MS - MINUTE_MS ? start : 0;
  return {
    unit: "minute",
    start: new Date(known).toISOString(),
    end: new Date(known + MINUTE_MS).toISOString(),
  };
}

function requireLabel(label: string | null): void {
  if (label !== null && !isLabel(label)) throw badLabel(label);
}

function badLabel(label: string): TinyplaceError {
  return new TinyplaceError(
    "bad_label",
    `"${label.slice(0, 40)}" is not a session label.`,
    "Use 1 to 32 letters, digits, `_`, `-` or `:`, for example claude:2.",
  );
}
