import { expect, test } from "vitest";
import { autostartEntry } from "../../electron/shell/autostart-entry.ts";
import { trayView } from "../../electron/shell/tray-menu.ts";
import type { AgentSummary, HostSnapshot, SessionSummary } from "../../shared/model/snapshot.ts";

const session = (label: string, unread: number, project = "app"): SessionSummary => ({
  label,
  harnessSessionId: null,
  pid: 1,
  cwd: "/work/app",
  project,
  title: null,
  branch: null,
  startedAt: "2026-01-01T00:00:00.000Z",
  lastSeenAt: "2026-01-01T00:00:00.000Z",
  unread,
  state: "idle",
  prompts: [],
});
const agent = (name: string, changes: Partial<AgentSummary>): AgentSummary => ({
  cryptoId: `id-${name}`,
  name,
  handle: null,
  publicKey: "key",
  sessions: [],
  absent: [],
  unread: 0,
  holds: 0,
  queued: 0,
  undecryptable: 0,
  drafts: 0,
  paused: false,
  contactRequests: [],
  handleChanges: [],
  relay: { url: "http://127.0.0.1:1", state: "online", problem: null },
  keyStore: "file",
  lease: { state: "held" },
  incidents: [],
  storage: null,
  ...changes,
});
const snapshot = (...agents: AgentSummary[]): HostSnapshot => ({
  revision: 1,
  host: {
    kind: "desktop",
    pid: 1,
    version: "0",
    home: "/h",
    socket: "/s",
    relay: "http://127.0.0.1:1",
    startedAt: "2026-01-01T00:00:00.000Z",
  },
  agents,
  unopened: [],
  responders: [],
  incidents: [],
});
const labels = (one: HostSnapshot) =>
  trayView(one, false).items.map((item) => (item.type === "separator" ? "-" : item.label.trim()));

test("U1 the menu lists every agent and under it its sessions, and leads to each", () => {
  const sessions = [session("claude:1", 0), session("claude:2", 3)];
  const shown = snapshot(
    agent("planner", {}),
    agent("reviewer", { sessions, unread: 3, holds: 2, contactRequests: [{ agentId: "x" }] }),
  );
  expect(labels(shown)).toEqual([
    "planner",
    "no live session",
    "reviewer (3)",
    "claude:1 · app · idle",
    "claude:2 · app · idle (3)",
    "-",
    "New message…",
    "Unrouted (2)",
    "Contact requests of reviewer (1)",
    "Open tinyplace",
    "-",
    "Pause delivery",
    "Start at login",
    "-",
    "Quit",
  ]);
  const place = (view: "agent" | "session" | "unrouted", more = {}) => ({
    action: { kind: "place", place: { view, ...more } },
  });
  const { items } = trayView(shown, false);
  expect(items[2]).toMatchObject(place("agent", { agentId: "id-reviewer" }));
  expect(items[4]).toMatchObject(place("session", { agentId: "id-reviewer", label: "claude:2" }));
  expect(items[7]).toMatchObject(place("unrouted"));
  expect(items[8]).toMatchObject(place("agent", { agentId: "id-reviewer" }));
  expect(labels(snapshot())).toContain("No agents yet");
});

test("U1 the tray wants attention only when a person is waited for", () => {
  const view = (changes: Partial<AgentSummary>) => trayView(snapshot(agent("a", changes)), false);
  expect(view({ unread: 5 })).toMatchObject({
    attention: false,
    toolTip: "tinyplace · 5 unread",
  });
  expect(view({ holds: 1 })).toMatchObject({
    attention: true,
    toolTip: "tinyplace · 1 unrouted",
  });
  const contactRequests = [{ agentId: "x" }, { agentId: "y" }];
  expect(view({ contactRequests })).toMatchObject({
    attention: true,
    toolTip: "tinyplace · 2 contact requests",
  });
});

test("Z4 a folder's name cannot break the menu's lines, turn its text around, or fill the screen", () => {
  const named = (project: string) =>
    labels(snapshot(agent("a", { sessions: [session("claude:1", 0, project)] })))[1];
  expect(named("one\ntwo\u2028three")).toBe("claude:1 · one two three · idle");
  expect(named("\u202eedoc\u2066")).toBe("claude:1 · edoc · idle");
  expect(named("👩‍💻".repeat(200))?.length).toBeLessThan(200);
});

test("U1 Z1 agents that do not open are in the menu, too, and lead to the window", () => {
  const unopened = (name: string | null, code: "vault_locked" | "vault_damaged") => ({
    ...{ cryptoId: "id-of-it", name, code, reason: "", next: "", underPassphrase: false },
  });
  const shown = {
    ...snapshot(),
    unopened: [unopened("scout", "vault_locked"), unopened(null, "vault_damaged")],
  };
  expect(labels(shown).slice(0, 3)).toEqual(["scout · locked", "id-of-it · not open", "-"]);
  expect(trayView(shown, false).items[0]).toMatchObject({ action: { kind: "open" } });
});

test("U1 pause and start at login show what is so, and turn it around", () => {
  const item = (paused: boolean[], startsAtLogin: boolean, label: string) =>
    trayView(
      snapshot(...paused.map((one, n) => agent(`a${n}`, { paused: one }))),
      startsAtLogin,
    ).items.find((one) => one.type === "action" && one.label === label);
  expect(item([true, false], false, "Pause delivery")).toMatchObject({
    checked: false,
    action: { kind: "pause", paused: true },
  });
  expect(item([true, true], false, "Pause delivery")).toMatchObject({
    checked: true,
    action: { kind: "pause", paused: false },
  });
  expect(item([], true, "Start at login")).toMatchObject({
    checked: true,
    action: { kind: "start-at-login", on: false },
  });
  expect(trayView(snapshot(agent("a", { paused: true })), false).toolTip).toBe(
    "tinyplace · paused",
  );
});

test("U4 an autostart entry quotes every word as the specification says", () => {
  const entry = autostartEntry(["/opt/tiny place/electron", "--home", '/h/a"$b\\c%d`']);
  expect(entry).toContain(
    'Exec="/opt/tiny place/electron" "--home" "/h/a\\\\"\\\\$b\\\\\\\\c%%d\\\\`"\n',
  );
});

test("X2 the menu offers to stop automatic answers while some are being written", () => {
  const standing = { state: "on", reason: "turned_on" } as const;
  const answering = (running: number) => ({
    ...snapshot(agent("planner", {})),
    responders: [{ agentId: "id-planner", standing, running, waiting: 3, failed: 1 }],
  });
  expect(labels(answering(0))).not.toContain("Stop automatic answers");
  expect(labels(answering(1))).toContain("Stop automatic answers");
});

test("M2 U1 a session's permission prompt can be answered in the tray", () => {
  const prompt = { id: "abcde", tool: "Bash", description: "Make\nit", preview: "touch x" };
  const asking = { ...session("claude:1", 0), state: "waiting" as const, prompts: [prompt] };
  const view = trayView(snapshot(agent("a", { sessions: [asking] })), false);
  expect(view.attention).toBe(true);
  expect(view.toolTip).toContain("1 permission prompt");
  const answers = view.items.filter(
    (item) => item.type === "action" && item.action.kind === "permission",
  );
  expect(answers).toMatchObject([
    { label: "        Allow Bash: Make it", action: { agentId: "id-a", id: "abcde", allow: true } },
    { label: "        Deny Bash: Make it", action: { label: "claude:1", allow: false } },
  ]);
});
