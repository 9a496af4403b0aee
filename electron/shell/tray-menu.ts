import type { Place } from "../../shared/model/place.ts";
import type {
  AgentSummary,
  HostSnapshot,
  SessionSummary,
  UnopenedAgent,
} from "../../shared/model/snapshot.ts";

/** The tray's menu as data: what it shows is a pure function of the snapshot (rule U1). */
export type TrayAction =
  | { readonly kind: "open" }
  | { readonly kind: "compose" }
  | { readonly kind: "pause"; readonly paused: boolean }
  | { readonly kind: "stop-answers" }
  | { readonly kind: "start-at-login"; readonly on: boolean }
  | {
      readonly kind: "permission";
      readonly agentId: string;
      readonly label: string;
      readonly id: string;
      readonly allow: boolean;
    }
  | { readonly kind: "place"; readonly place: Place }
  | { readonly kind: "quit" };

export type TrayItem =
  | { readonly type: "separator" }
  | { readonly type: "text"; readonly label: string }
  | {
      readonly type: "action";
      readonly label: string;
      readonly action: TrayAction;
      /** For what is on or off. */
      readonly checked?: boolean;
    };

/** All that the tray shows; two equal views need no redrawing. */
export interface TrayView {
  readonly items: readonly TrayItem[];
  /** Something waits for the person. */
  readonly attention: boolean;
  readonly toolTip: string;
}

/** Nothing is known yet: what is asked for meanwhile is shown, or done, once the start is over. */
export const STARTING: TrayView = {
  items: [
    { type: "text", label: "Starting…" },
    { type: "separator" },
    { type: "action", label: "Open tinyplace", action: { kind: "open" } },
    { type: "separator" },
    { type: "action", label: "Quit", action: { kind: "quit" } },
  ],
  attention: false,
  toolTip: "tinyplace · starting",
};

const STATE_WORDS = { working: "working", idle: "idle", waiting: "waiting for you" } as const;
const PROJECT_LENGTH = 40;

/** @param startsAtLogin what the system's own setting says */
export function trayView(snapshot: HostSnapshot, startsAtLogin: boolean): TrayView {
  const { agents } = snapshot;
  const unread = sum(agents, (agent) => agent.unread);
  const holds = sum(agents, (agent) => agent.holds);
  const requests = sum(agents, (agent) => agent.contactRequests.length);
  const prompts = sum(agents, (agent) => sum(agent.sessions, ({ prompts }) => prompts.length));
  const paused = agents.length > 0 && agents.every((agent) => agent.paused);
  const counts = [
    ...(unread > 0 ? [`${unread} unread`] : []),
    ...(holds > 0 ? [`${holds} unrouted`] : []),
    ...(requests > 0
      ? [requests === 1 ? "1 contact request" : `${requests} contact requests`]
      : []),
    ...(prompts > 0
      ? [prompts === 1 ? "1 permission prompt" : `${prompts} permission prompts`]
      : []),
    ...(paused ? ["paused"] : []),
  ];
  return {
    items: [
      ...(agents.length + snapshot.unopened.length === 0
        ? [{ type: "text" as const, label: "No agents yet" }]
        : [...agents.flatMap(agentItems), ...snapshot.unopened.map(unopenedItem)]),
      { type: "separator" },
      ...(agents.length === 0 ? [] : [action("New message…", { kind: "compose" })]),
      { type: "action", label: `Unrouted${withCount(holds)}`, action: goTo({ view: "unrouted" }) },
      ...agents.flatMap(requestItems),
      { type: "action", label: "Open tinyplace", action: { kind: "open" } },
      ...(snapshot.responders.some((one) => one.running > 0)
        ? [action("Stop automatic answers", { kind: "stop-answers" })]
        : []),
      { type: "separator" },
      ...(agents.length === 0
        ? []
        : [{ ...action("Pause delivery", { kind: "pause", paused: !paused }), checked: paused }]),
      {
        ...action("Start at login", { kind: "start-at-login", on: !startsAtLogin }),
        checked: startsAtLogin,
      },
      { type: "separator" },
      { type: "action", label: "Quit", action: { kind: "quit" } },
    ],
    attention: holds + requests + prompts > 0,
    toolTip: ["tinyplace", ...counts].join(" · "),
  };
}

function agentItems(agent: AgentSummary): TrayItem[] {
  const agentId = agent.cryptoId;
  const heading: TrayItem = {
    type: "action",
    label: `${agent.name}${withCount(agent.unread)}`,
    action: goTo({ view: "agent", agentId }),
  };
  const sessions = agent.sessions.flatMap((session): TrayItem[] => {
    const { label, project, state, unread } = session;
    const words = `${label} · ${plain(project)} · ${STATE_WORDS[state]}${withCount(unread)}`;
    const place = goTo({ view: "session", agentId, label });
    return [action(`    ${words}`, place), ...promptItems(agentId, session)];
  });
  const none: TrayItem = { type: "text", label: "    no live session" };
  return [heading, ...(sessions.length > 0 ? sessions : [none])];
}

/** An agent whose vault does not open: the window says why, and takes its passphrase. */
function unopenedItem({ name, cryptoId, code }: UnopenedAgent): TrayItem {
  const state = code === "vault_locked" ? "locked" : "not open";
  const label = `${name === null ? cryptoId.slice(0, 8) : plain(name)} · ${state}`;
  return { type: "action", label, action: { kind: "open" } };
}

/** What the session asks its person to allow, and both answers. */
function promptItems(agentId: string, { label, prompts }: SessionSummary): TrayItem[] {
  return prompts.flatMap(({ id, tool, description, preview }): TrayItem[] => {
    const what = `${plain(tool)}: ${plain(description || preview)}`;
    const answer = { kind: "permission" as const, agentId, label, id };
    return [
      action(`        Allow ${what}`, { ...answer, allow: true }),
      action(`        Deny ${what}`, { ...answer, allow: false }),
    ];
  });
}

function requestItems(agent: AgentSummary): TrayItem[] {
  const count = agent.contactRequests.length;
  if (count === 0) return [];
  const label = `Contact requests of ${agent.name} (${count})`;
  return [{ type: "action", label, action: goTo({ view: "agent", agentId: agent.cryptoId }) }];
}

function action(label: string, what: TrayAction) {
  return { type: "action" as const, label, action: what };
}

function goTo(place: Place): TrayAction {
  return { kind: "place", place };
}

/** A folder may be named with line breaks and with marks that turn the text around. */
function plain(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const letters = [...clean];
  return letters.length > PROJECT_LENGTH
    ? `${letters.slice(0, PROJECT_LENGTH - 1).join("")}…`
    : clean;
}

function withCount(count: number): string {
  return count > 0 ? ` (${count})` : "";
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
