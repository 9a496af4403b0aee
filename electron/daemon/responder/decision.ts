import { z } from "zod";
import {
  DEFAULT_RESPONDER,
  type ResponderChange,
  type ResponderSettings,
  type ResponderStanding,
  responderSettings,
} from "../../../shared/model/responder.ts";
import { noteActivity } from "../../vault/activity-table.ts";
import { setting, writeSetting } from "../../vault/policy-table.ts";
import type { Vault } from "../../vault/vault.ts";

const NAME = "responder";
const kept = responderSettings.extend({ stopped: z.boolean() });
type Kept = z.infer<typeof kept>;

/** TINYPLACE_AUTORESPOND; null when it is neither `on` nor `off`. */
export function forcedState(env: NodeJS.ProcessEnv): "on" | "off" | null {
  const text = env.TINYPLACE_AUTORESPOND;
  return text === "on" || text === "off" ? text : null;
}

/** What was decided about an agent's automatic answers, in its vault and in memory. */
export class ResponderDecision {
  private readonly vault: Vault;
  private readonly forced: "on" | "off" | null;
  private kept: Kept;

  constructor(vault: Vault, forced: "on" | "off" | null) {
    this.vault = vault;
    this.forced = forced;
    this.kept = read(vault);
  }

  get settings(): ResponderSettings {
    const { stopped: _, ...settings } = this.kept;
    return settings;
  }

  get isForced(): boolean {
    return this.forced !== null;
  }

  /** A person's stop stands before everything, also before the environment. */
  standing(now: { paused: boolean; hasClaude: () => boolean }): ResponderStanding {
    if (this.kept.stopped) return { state: "off", reason: "stopped" };
    if (this.forced === "off") return { state: "off", reason: "environment" };
    if (this.forced === null && !this.kept.on) return { state: "off", reason: "not_turned_on" };
    if (now.paused) return { state: "off", reason: "paused" };
    if (!now.hasClaude()) return { state: "off", reason: "no_claude" };
    return { state: "on", reason: this.forced === "on" ? "environment" : "turned_on" };
  }

  /** Turning it on ends a stop. */
  change(part: ResponderChange, at: number): Promise<void> {
    const given = Object.entries(part).filter(([, value]) => value !== undefined);
    const stopped = part.on === true ? false : this.kept.stopped;
    const next = kept.parse({ ...this.kept, ...Object.fromEntries(given), stopped });
    return this.keep(next, at, part.on ? "on" : "off");
  }

  /** What was off before is as it was. */
  async stop(at: number): Promise<void> {
    if (this.forced === "off" || (this.forced === null && !this.kept.on)) return;
    return this.keep({ ...this.kept, stopped: true }, at, "stopped");
  }

  private async keep(next: Kept, at: number, why: string): Promise<void> {
    const switched = next.on !== this.kept.on || next.stopped !== this.kept.stopped;
    await this.vault.write(() => {
      writeSetting(this.vault, NAME, JSON.stringify(next));
      if (switched) noteActivity(this.vault, { at, kind: "autorespond", why });
    });
    this.kept = next;
  }
}

/** What another version wrote and this one cannot read is as if it was never set: off. */
function read(vault: Vault): Kept {
  const fresh = { ...DEFAULT_RESPONDER, stopped: false };
  const text = setting(vault, NAME);
  if (text === null) return fresh;
  try {
    return kept.parse({ ...fresh, ...(JSON.parse(text) as object) });
  } catch {
    return fresh;
  }
}
