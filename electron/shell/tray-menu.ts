import type { HostSnapshot } from "../../shared/model/snapshot.ts";

/** The tray's menu as data: what it shows is a pure function of the snapshot (rule U1). */
export type TrayAction =
  | { readonly kind: "open" }
  | { readonly kind: "session"; readonly agentId: string; readonly label: string }
  | { readonly kind: "unrouted" }
  | { readonly kind: "quit" };

export type TrayItem =
  | { readonly type: "separator" }
  | { readonly type: "text"; readonly label: string }
  | { readonly type: "action"; readonly label: string; readonly action: TrayAction };

const STATE_WORDS = { working: "working", idle: "idle", waiting: "waiting for you" } as const;

export function trayMenu(snapshot: HostSnapshot): TrayItem[] {
  const items: TrayItem[] = [];
  for (const agent of snapshot.agents) {
    items.push({ type: "text", label: `${agent.name}${withCount(agent.unread)}` });
    if (agent.sessions.length === 0) items.push({ type: "text", label: "    no live session" });
    for (const session of agent.sessions) {
      const state = STATE_WORDS[session.state];
      items.push({
        type: "action",
        label: `    ${session.label} · ${session.project} · ${state}${withCount(session.unread)}`,
        action: { kind: "session", agentId: agent.cryptoId, label: session.label },
      });
    }
  }
  if (snapshot.agents.length === 0) items.push({ type: "text", label: "No agents yet" });
  const holds = snapshot.agents.reduce((sum, agent) => sum + agent.holds, 0);
  const requests = snapshot.agents.reduce((sum, agent) => sum + agent.contactRequests.length, 0);
  items.push({ type: "separator" });
  items.push({
    type: "action",
    label: `Unrouted${withCount(holds)}`,
    action: { kind: "unrouted" },
  });
  if (requests > 0) items.push({ type: "text", label: `Contact requests (${requests})` });
  items.push({ type: "action", label: "Open tinyplace", action: { kind: "open" } });
  items.push({ type: "separator" });
  items.push({ type: "action", label: "Quit", action: { kind: "quit" } });
  return items;
}

/** True when something waits for the person. */
export function needsAttention(snapshot: HostSnapshot): boolean {
  return snapshot.agents.some((agent) => agent.holds > 0 || agent.contactRequests.length > 0);
}

function withCount(count: number): string {
  return count > 0 ? ` (${count})` : "";
}
