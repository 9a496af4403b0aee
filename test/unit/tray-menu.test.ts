import { expect, test } from "vitest";
import { needsAttention, trayMenu } from "../../electron/shell/tray-menu.ts";
import type { AgentSummary, HostSnapshot, SessionSummary } from "../../shared/model/snapshot.ts";

const session = (label: string, unread: number): SessionSummary => ({
  label,
  harnessSessionId: null,
  pid: 1,
  cwd: "/work/app",
  project: "app",
  startedAt: "2026-01-01T00:00:00.000Z",
  lastSeenAt: "2026-01-01T00:00:00.000Z",
  unread,
  state: "idle",
});
const agent = (name: string, changes: Partial<AgentSummary>): AgentSummary => ({
  cryptoId: `id-${name}`,
  name,
  publicKey: "key",
  sessions: [],
  absent: [],
  unread: 0,
  holds: 0,
  queued: 0,
  undecryptable: 0,
  contactRequests: [],
  relay: { url: "http://127.0.0.1:1", state: "online", problem: null },
  keyStore: "file",
  lease: { state: "held" },
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
});
const labels = (one: HostSnapshot) =>
  trayMenu(one).map((item) => (item.type === "separator" ? "-" : item.label.trim()));

test("U1 the tray shows every agent and under it its sessions with unread counts", () => {
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
    "Unrouted (2)",
    "Contact requests (1)",
    "Open tinyplace",
    "-",
    "Quit",
  ]);
  expect(trayMenu(shown)[4]).toMatchObject({
    action: { kind: "session", agentId: "id-reviewer", label: "claude:2" },
  });
});

test("U1 the icon shows attention only when a person is waited for", () => {
  expect(needsAttention(snapshot(agent("a", { unread: 5 })))).toBe(false);
  expect(needsAttention(snapshot(agent("a", { holds: 1 })))).toBe(true);
  expect(labels(snapshot())).toContain("No agents yet");
});
