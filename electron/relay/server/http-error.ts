/** A refusal as the client reads it: `{"error": message, "code"?: code, ...details}` under `status`. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | null;
  /** Seconds, for a refusal that passes by itself. */
  readonly retryAfter: number | null;
  readonly details: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    options: { code?: string; retryAfter?: number; details?: Record<string, string> } = {},
  ) {
    super(message);
    this.status = status;
    this.code = options.code ?? null;
    this.retryAfter = options.retryAfter ?? null;
    this.details = options.details ?? {};
  }
}
