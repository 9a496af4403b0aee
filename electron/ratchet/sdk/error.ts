/**
 * The one error of the network's own cipher. `stale` and `used_key` mean that the message, or the
 * handshake, was processed before: the others that it cannot be trusted or read.
 */
export type SdkCipherProblem =
  | "malformed"
  | "unsafe_key"
  | "bad_signature"
  | "bad_mac"
  | "stale"
  | "used_key"
  | "too_many_skipped"
  | "no_session"
  | "no_prekey"
  | "exhausted";

export class SdkCipherError extends Error {
  override readonly name = "SdkCipherError";
  readonly problem: SdkCipherProblem;

  constructor(problem: SdkCipherProblem, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.problem = problem;
  }
}
