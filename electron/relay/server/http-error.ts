import { asStorageError } from "../../vault/storage-errors.ts";

/** What metrics call a refusal for which nothing more exact is known. */
const REASONS: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "not_found",
  409: "conflict",
  413: "too_large",
  414: "too_large",
  429: "too_many",
};

/** A refusal as the client reads it: `{"error": message, "code"?: code, ...details}` under `status`. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string | null;
  /** Seconds, for a refusal that passes by itself. */
  readonly retryAfter: number | null;
  readonly details: Readonly<Record<string, string>>;
  /** One of few words, for metrics. */
  readonly reason: string;

  constructor(
    status: number,
    message: string,
    options: {
      code?: string;
      retryAfter?: number;
      details?: Record<string, string>;
      reason?: string;
    } = {},
  ) {
    super(message);
    this.status = status;
    this.code = options.code ?? null;
    this.retryAfter = options.retryAfter ?? null;
    this.details = options.details ?? {};
    this.reason = options.reason ?? options.code ?? REASONS[status] ?? "other";
  }
}

/** What went wrong inside is not the client's to read, except that waiting may help. */
export function asRefusal(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  const { statusCode, code, message } = asStorageError(error) as Partial<Record<string, unknown>>;
  if (typeof statusCode === "number" && statusCode < 500) {
    return new HttpError(statusCode, String(message));
  }
  if (code === "disk_full") {
    return new HttpError(507, "the relay's disk is full", { code: "disk_full", retryAfter: 60 });
  }
  if (code === "vault_damaged") {
    const options = { code: "store_damaged", retryAfter: 60 };
    return new HttpError(503, "the relay's database is damaged", options);
  }
  if (code === "store_unavailable") {
    const options = { code: "store_unavailable", retryAfter: 2 };
    return new HttpError(503, "the relay's storage does not answer", options);
  }
  return new HttpError(500, "internal error");
}
