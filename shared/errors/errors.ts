/**
 * Every error that may reach a person or a session: a stable code, what is wrong, and what to do next.
 * The same three fields travel over the local socket, the window bridge and MCP results.
 */
export const ERROR_CODES = [
  "backup_unreadable",
  "bad_request",
  "bad_label",
  "body_too_large",
  "contact_blocked",
  "contact_required",
  "contact_unknown",
  "disk_error",
  "disk_full",
  "disk_readonly",
  "handle_changed",
  "handle_taken",
  "handle_unknown",
  "host_absent",
  "host_hung",
  "host_quit",
  "host_running",
  "internal",
  "label_taken",
  "mailbox_leased",
  "no_wallet",
  "not_allowed",
  "passphrase_wrong",
  "peer_identity_mismatch",
  "peer_unknown",
  "plugin_running",
  "proof_refused",
  "relay_refused",
  "relay_unreachable",
  "session_required",
  "socket_garbage",
  "vault_damaged",
  "vault_locked",
  "wallet_exists",
  "wallet_unknown",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What of an error crosses a process boundary. */
export interface ErrorView {
  readonly error: string;
  readonly code: ErrorCode;
  readonly next: string;
}

export class TinyplaceError extends Error {
  override readonly name = "TinyplaceError";
  readonly code: ErrorCode;
  /** The next step, as a sentence for the person or the model that reads the error. */
  readonly next: string;

  constructor(code: ErrorCode, message: string, next: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}

/** The view of any thrown value. What is not ours is reported as `internal`, without its stack. */
export function errorView(thrown: unknown): ErrorView {
  if (thrown instanceof TinyplaceError) {
    return { error: thrown.message, code: thrown.code, next: thrown.next };
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return {
    error: `Something went wrong inside tinyplace: ${text}`,
    code: "internal",
    next: "Try again; if it happens again, report it with what `tinyplace status --json` prints.",
  };
}

/** Any thrown value as an error of ours; what was thrown stays its cause. */
export function asTinyplaceError(thrown: unknown): TinyplaceError {
  if (thrown instanceof TinyplaceError) return thrown;
  const { code, error, next } = errorView(thrown);
  return new TinyplaceError(code, error, next, { cause: thrown });
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && (ERROR_CODES as readonly string[]).includes(value);
}

/** Closes a switch over a union: reaching it is a programming error the type checker reports first. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
