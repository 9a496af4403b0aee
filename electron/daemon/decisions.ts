import {
  type PolicyRow,
  policies,
  redirects,
  removePolicy,
  removeRedirect,
  setting,
  writePolicy,
  writeRedirect,
  writeSetting,
} from "../vault/policy-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Gate, RoutingPolicy, RoutingRules } from "./router.ts";

const POLICIES: readonly RoutingPolicy[] = ["primary", "broadcast", "drop"];
const MINUTE_MS = 60_000;

/**
 * What the person decided about an agent's mail, kept in its vault and in memory: routing asks for
 * every message. A change resolves when it is on disk and counts from then on.
 */
export class Decisions {
  private readonly vault: Vault;
  private readonly forced: RoutingPolicy | null;
  private rows: PolicyRow[] = [];
  private redirectOf = new Map<string, string>();
  private chosen: RoutingPolicy = "primary";
  private isPaused = false;

  /** @param forced TINYPLACE_UNROUTED_POLICY: stands before what is set in the window. */
  constructor(vault: Vault, forced: RoutingPolicy | null = null) {
    this.vault = vault;
    this.forced = forced;
    this.read();
  }

  get policy(): RoutingPolicy {
    return this.forced ?? this.chosen;
  }

  /** The environment says it: what is set in the window does not count. */
  get isForced(): boolean {
    return this.forced !== null;
  }

  get paused(): boolean {
    return this.isPaused;
  }

  list(): { policies: readonly PolicyRow[]; redirects: readonly { from: string; to: string }[] } {
    return {
      policies: this.rows,
      redirects: [...this.redirectOf].map(([from, to]) => ({ from, to })),
    };
  }

  setPolicy(policy: RoutingPolicy): Promise<void> {
    return this.change(() => writeSetting(this.vault, "unrouted_policy", policy));
  }

  setPaused(paused: boolean): Promise<void> {
    return this.change(() => writeSetting(this.vault, "paused", paused ? "yes" : "no"));
  }

  setRule(row: PolicyRow): Promise<void> {
    return this.change(() => writePolicy(this.vault, row));
  }

  removeRule(peer: string, label: string): Promise<void> {
    return this.change(() => removePolicy(this.vault, peer, label));
  }

  setRedirect(from: string, to: string): Promise<void> {
    return this.change(() => writeRedirect(this.vault, from, to));
  }

  removeRedirect(from: string): Promise<void> {
    return this.change(() => removeRedirect(this.vault, from));
  }

  /**
   * The rules for one message. Mail between the agent's own sessions is the person's own: nothing
   * gates it. @param at ms; quiet hours are those of this machine's local day.
   */
  rulesFor(message: { peer: string; fromOutside: boolean }, at: number): RoutingRules {
    const minute = minuteOfDay(at);
    return {
      policy: this.policy,
      paused: this.isPaused && message.fromOutside,
      redirect: (label) => this.redirectOf.get(label) ?? null,
      gate: (label) =>
        message.fromOutside ? this.gate(message.peer, label ?? "", minute) : "deliver",
    };
  }

  /** Ms until some quiet hours end, when what they held is looked at again; null without any. */
  untilQuietEnds(at: number): number | null {
    const minute = minuteOfDay(at);
    const waits = this.rows.flatMap((row) =>
      isQuiet(row, minute) ? [((row.quietTo as number) - minute + 1440) % 1440] : [],
    );
    return waits.length === 0 ? null : Math.max(1, Math.min(...waits)) * MINUTE_MS;
  }

  /** The most particular decision counts: sender and session, sender, session, everybody. */
  private gate(peer: string, label: string, minute: number): Gate {
    const row =
      this.row(peer, label) ?? this.row(peer, "") ?? this.row("", label) ?? this.row("", "");
    if (!row) return "deliver";
    return row.action === "deliver" && isQuiet(row, minute) ? "quiet" : row.action;
  }

  private row(peer: string, label: string): PolicyRow | undefined {
    return this.rows.find((one) => one.peer === peer && one.label === label);
  }

  private async change(write: () => void): Promise<void> {
    await this.vault.write(write);
    this.read();
  }

  private read(): void {
    this.rows = policies(this.vault);
    this.redirectOf = new Map(redirects(this.vault).map(({ from, to }) => [from, to]));
    const kept = setting(this.vault, "unrouted_policy");
    this.chosen = POLICIES.find((one) => one === kept) ?? "primary";
    this.isPaused = setting(this.vault, "paused") === "yes";
  }
}

/** Reads TINYPLACE_UNROUTED_POLICY; null when it is absent or none of the three words. */
export function readPolicy(text: string | undefined): RoutingPolicy | null {
  return POLICIES.find((one) => one === text) ?? null;
}

function isQuiet({ quietFrom, quietTo }: PolicyRow, minute: number): boolean {
  if (quietFrom === null || quietTo === null || quietFrom === quietTo) return false;
  return quietFrom < quietTo
    ? minute >= quietFrom && minute < quietTo
    : minute >= quietFrom || minute < quietTo;
}

function minuteOfDay(at: number): number {
  const date = new Date(at);
  return date.getHours() * 60 + date.getMinutes();
}
