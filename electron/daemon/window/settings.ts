import type { Host } from "../host.ts";

/** Pause receives and holds, and hands nothing out, for every agent (rule U1). */
export async function pauseAll(host: Host, paused: boolean): Promise<void> {
  await Promise.all(host.agents().map((agent) => agent.decided(agent.decisions.setPaused(paused))));
}
