import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";

interface HostStore {
  readonly snapshot: HostSnapshot | null;
  /** Why there is no snapshot. */
  readonly problem: ErrorView | null;
  load(): Promise<void>;
  apply(snapshot: HostSnapshot): void;
  fail(thrown: unknown): void;
}

/**
 * The newer of two snapshots. Revisions count within one host process, so after a takeover the
 * new host's snapshot wins although its revision starts low.
 */
export function newerSnapshot(current: HostSnapshot | null, next: HostSnapshot): HostSnapshot {
  if (!current) return next;
  const sameHost =
    current.host.pid === next.host.pid && current.host.startedAt === next.host.startedAt;
  if (sameHost) return next.revision > current.revision ? next : current;
  return next.host.startedAt >= current.host.startedAt ? next : current;
}

export const useHost = create<HostStore>((set, get) => ({
  snapshot: null,
  problem: null,
  async load() {
    set({ problem: null });
    try {
      get().apply(await call("host.snapshot", {}));
    } catch (thrown) {
      get().fail(thrown);
    }
  },
  apply(snapshot) {
    set((state) => ({ snapshot: newerSnapshot(state.snapshot, snapshot), problem: null }));
  },
  fail(thrown) {
    set({ problem: errorView(thrown) });
  },
}));

export function useAgent(agentId: string): AgentSummary | undefined {
  return useHost((state) => state.snapshot?.agents.find((agent) => agent.cryptoId === agentId));
}

/** Held messages of all agents: what the badge beside `Unrouted` counts. */
export function countHolds(snapshot: HostSnapshot): number {
  return snapshot.agents.reduce((sum, agent) => sum + agent.holds, 0);
}
