import type { Clock } from "../../platform/clock.ts";
import { HttpError } from "./http-error.ts";

export interface RateOptions {
  /** Signed requests a minute of one agent; 0 is without limit. */
  readonly agentPerMinute: number;
  /** Requests a minute from one network address; 0 is without limit. */
  readonly addressPerMinute: number;
}

const MINUTE_MS = 60_000;

/** Counts requests in whole minutes (rule N4); a batch is one request. */
export class RateLimits {
  private readonly clock: Clock;
  private readonly agents: Window;
  private readonly addresses: Window;

  constructor(clock: Clock, options: RateOptions) {
    this.clock = clock;
    this.agents = { limit: options.agentPerMinute, minute: 0, counts: new Map() };
    this.addresses = { limit: options.addressPerMinute, minute: 0, counts: new Map() };
  }

  countAgent(cryptoId: string): void {
    this.count(this.agents, cryptoId, "agent_rate");
  }

  countAddress(address: string): void {
    this.count(this.addresses, address, "address_rate");
  }

  private count(window: Window, name: string, reason: string): void {
    if (window.limit === 0) return;
    const now = this.clock.now();
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== window.minute) {
      window.minute = minute;
      window.counts.clear();
    }
    const count = (window.counts.get(name) ?? 0) + 1;
    window.counts.set(name, count);
    if (count > window.limit) {
      const retryAfter = Math.ceil(((minute + 1) * MINUTE_MS - now) / 1000);
      throw new HttpError(429, "too many requests", { retryAfter, reason });
    }
  }
}

interface Window {
  readonly limit: number;
  minute: number;
  readonly counts: Map<string, number>;
}
