import type { RelayListener } from "../transport.ts";
import type { Ring } from "../wire.ts";

/** Who listens in this process, by agent (cryptoId). */
export class LocalBells {
  private readonly listeners = new Map<string, Set<RelayListener>>();

  /** Returns what takes it down again. */
  hang(agent: string, listener: RelayListener): () => void {
    const all = this.listeners.get(agent) ?? new Set();
    this.listeners.set(agent, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.listeners.get(agent) === all) this.listeners.delete(agent);
    };
  }

  ring(agent: string, { for: at }: Ring): void {
    for (const listener of this.listeners.get(agent) ?? []) listener.doorbell(at);
  }
}
