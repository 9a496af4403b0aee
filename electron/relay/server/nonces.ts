import { HttpError } from "./http-error.ts";

/** A request's date may be this far from the relay's clock, in ms. */
export const DATE_WINDOW_MS = 300_000;

export interface NonceLimits {
  /** Per agent and window. Default 200,000: 660 requests a second without pause. */
  readonly perAgent?: number;
  /** Of all agents. Default 1,000,000. */
  readonly total?: number;
}

/** Nonces whose requests go stale within one span are forgotten together. */
const SPAN_MS = 30_000;

/**
 * Each nonce is taken once per agent, and remembered for as long as the date signed with it is not
 * stale. Beyond its bounds requests are refused, never nonces forgotten: a flood must not open the
 * way for a replay, and one agent's flood is that agent's own trouble.
 */
export class NonceMemory {
  private readonly perAgent: number;
  private readonly total: number;
  /** By the end of their span, oldest first as far as dates come in order. */
  private readonly spans = new Map<number, Map<string, Set<string>>>();
  private readonly counts = new Map<string, number>();
  private size = 0;

  constructor(limits: NonceLimits = {}) {
    this.perAgent = limits.perAgent ?? 200_000;
    this.total = limits.total ?? 1_000_000;
  }

  /** @param date the signed one, in ms. Throws HttpError 401 or 429. */
  take(agent: string, nonce: string, date: number, now: number): void {
    this.forget(now);
    for (const span of this.spans.values()) {
      if (span.get(agent)?.has(nonce))
        throw new HttpError(401, "replayed nonce", { reason: "replayed_nonce" });
    }
    const count = this.counts.get(agent) ?? 0;
    if (count >= this.perAgent || this.size >= this.total) {
      const options = { retryAfter: SPAN_MS / 1000, reason: "nonce_flood" };
      throw new HttpError(429, "too many requests", options);
    }
    const end = (Math.floor((date + DATE_WINDOW_MS) / SPAN_MS) + 1) * SPAN_MS;
    const span = this.spans.get(end) ?? new Map<string, Set<string>>();
    this.spans.set(end, span);
    const nonces = span.get(agent) ?? new Set<string>();
    span.set(agent, nonces.add(nonce));
    this.counts.set(agent, count + 1);
    this.size++;
  }

  private forget(now: number): void {
    for (const [end, span] of this.spans) {
      if (end >= now) continue;
      for (const [agent, nonces] of span) {
        const left = (this.counts.get(agent) ?? 0) - nonces.size;
        if (left > 0) this.counts.set(agent, left);
        else this.counts.delete(agent);
        this.size -= nonces.size;
      }
      this.spans.delete(end);
    }
  }
}
