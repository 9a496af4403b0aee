import { TinyplaceError } from "../errors/errors.ts";
import { isLabel } from "../labels/labels.ts";
import { checkTextSize } from "./limits.ts";
import type { SessionEnvelope } from "./schema.ts";

export interface OutgoingBody {
  readonly id: string;
  readonly role: "user" | "agent";
  readonly text: string;
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
}

/** What a message without a session of its own (the composer, the command line) is sent as. */
const NO_SESSION = "desktop";
const MINUTE_MS = 60_000;

/** The plaintext of a message. Throws `body_too_large` and `bad_label`. */
export function encodeEnvelope(body: OutgoingBody): string {
  checkTextSize(body.text);
  const from = body.fromSession ?? NO_SESSION;
  for (const label of [from, body.toSession]) {
    if (label !== null && !isLabel(label)) throw badLabel(label);
  }
  const envelope: SessionEnvelope = {
    envelope_version: "tinyplace.harness.session.v1",
    version: 1,
    bucket: minuteOf(body.timestamp),
    scope: {
      type: "session",
      key: `${body.agent}:${from}`,
      cwd: body.cwd,
      wrapper_session_id: body.wrapperSessionId,
      harness_session_id: body.harnessSessionId ?? "",
    },
    harness: { provider: "claude", command: "claude", argv: [] },
    message: { id: body.id, line: 0, role: body.role, text: body.text, timestamp: body.timestamp },
    source: { path: "", record_type: "tinyplace.message" },
    tp: {
      v: 1,
      from_session: from,
      ...(body.toSession === null ? {} : { to_session: body.toSession }),
      ...(body.inReplyTo === null ? {} : { in_reply_to: body.inReplyTo }),
      ...(body.auto ? { auto: true as const } : {}),
    },
  };
  return JSON.stringify(envelope);
}

/** The older automatic reply, byte for byte (rule F5). */
export function encodeLegacyAuto(text: string, inReplyTo: string | null): string {
  checkTextSize(text);
  return `\x01tp-auto\x01${inReplyTo === null ? "" : `\x01re:${inReplyTo}\x01`}${text}`;
}

/** The older request for a new handshake. */
export const REHANDSHAKE_BODY = "\x01tp-rehandshake\x01";

function minuteOf(timestamp: string): SessionEnvelope["bucket"] {
  const parsed = Date.parse(timestamp);
  const start = Number.isNaN(parsed) ? 0 : Math.floor(parsed / MINUTE_MS) * MINUTE_MS;
  return {
    unit: "minute",
    start: new Date(start).toISOString(),
    end: new Date(start + MINUTE_MS).toISOString(),
  };
}

function badLabel(label: string): TinyplaceError {
  return new TinyplaceError(
    "bad_label",
    `"${label.slice(0, 40)}" is not a session label.`,
    "Use 1 to 32 letters, digits, `_`, `-` or `:`, for example claude:2.",
  );
}
