import { isIPv6 } from "node:net";
import type { Clock } from "../../platform/clock.ts";
import { HttpError } from "./http-error.ts";

/** Each 0 is without limit. */
export interface RateOptions {
  /** Signed requests a minute of one agent. */
  readonly agentPerMinute: number;
  /** Requests and upgrades a minute from one network address. */
  readonly addressPerMinute: number;
  /** Bundles of one agent in an hour that carry one-time keys; those beyond come without. */
  readonly oneTimeKeysPerHour: number;
  /** Handles claimed in an hour from one network address. */
  readonly handlesPerHour: number;
}

export const NO_RATES: RateOptions = {
  agentPerMinute: 0,
  addressPerMinute: 0,
  oneTimeKeysPerHour: 0,
  handlesPerHour: 0,
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Names counted apart in one window; those beyond share a count, so that memory has an end. */
const MAX_NAMES = 200_000;

/** Counts in whole minutes and hours (rule N4); a batch is one request. */
export class RateLimits {
  private readonly agents: Quota;
  private readonly addresses: Quota;
  private readonly oneTimeKeys: Quota;
  private readonly handles: Quota;

  constructor(clock: Clock, options: RateOptions) {
    this.agents = new Quota(clock, options.agentPerMinute, MINUTE_MS);
    this.addresses = new Quota(clock, options.addressPerMinute, MINUTE_MS);
    this.oneTimeKeys = new Quota(clock, options.oneTimeKeysPerHour, HOUR_MS);
    this.handles = new Quota(clock, options.handlesPerHour, HOUR_MS);
  }

  countAgent(cryptoId: string): void {
    refuseBeyond(this.agents, cryptoId, "agent_rate");
  }

  countAddress(address: string): void {
    refuseBeyond(this.addresses, networkOf(address), "address_rate");
  }

  countHandle(address: string): void {
    refuseBeyond(this.handles, networkOf(address), "handle_rate");
  }

  /** Whether another one-time key of this agent may be given away in this hour. */
  takeOneTimeKey(cryptoId: string): boolean {
    return this.oneTimeKeys.take(cryptoId) === null;
  }

  /** Of one that `takeOneTimeKey` counted, and that was not there to be given away. */
  giveBackOneTimeKey(cryptoId: string): void {
    this.oneTimeKeys.giveBack(cryptoId);
  }
}

class Quota {
  private readonly clock: Clock;
  private readonly limit: number;
  private readonly windowMs: number;
  private window = 0;
  private readonly counts = new Map<string, number>();

  constructor(clock: Clock, limit: number, windowMs: number) {
    this.clock = clock;
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Null when there was room; otherwise the seconds until there is. */
  take(asked: string): number | null {
    if (this.limit === 0) return null;
    const now = this.clock.now();
    const window = Math.floor(now / this.windowMs);
    if (window !== this.window) {
      this.window = window;
      this.counts.clear();
    }
    const name = this.counts.size < MAX_NAMES || this.counts.has(asked) ? asked : "";
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return count > this.limit ? Math.ceil(((window + 1) * this.windowMs - now) / 1000) : null;
  }

  /** As if `take` had not been asked. */
  giveBack(asked: string): void {
    const name = this.counts.has(asked) ? asked : "";
    const count = this.counts.get(name) ?? 0;
    if (count > 1) this.counts.set(name, count - 1);
    else this.counts.delete(name);
  }
}

function refuseBeyond(quota: Quota, name: string, reason: string): void {
  const retryAfter = quota.take(name);
  if (retryAfter !== null) throw new HttpError(429, "too many requests", { retryAfter, reason });
}

/** Whoever has one IPv6 address has all of its /64. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array.from({ length: zeros }, () => "0"), ...back];
  return groups.slice(0, 4).join(":");
}
