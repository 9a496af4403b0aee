import type {
  AgentSummary,
  HoldView,
  HostSnapshot,
  MessageView,
  SessionSummary,
} from "../../shared/model/snapshot.ts";

/** Whole values of the window's model, of which a test names only what it is about. */
export function message(part: Partial<MessageView> = {}): MessageView {
  return {
    seq: 1,
    id: `msg-${part.seq ?? 1}`,
    direction: "in",
    peer: "peer",
    peerName: null,
    fromSession: "claude:2",
    toSession: "claude:1",
    inReplyTo: null,
    role: "agent",
    text: "text",
    auto: false,
    late: false,
    suite: "libsignal",
    sentAt: null,
    at: "2026-03-09T10:00:00.000Z",
    readAt: null,
    rung: null,
    ladder: [],
    problem: null,
    ...part,
  };
}

export function session(label: string, part: Partial<SessionSummary> = {}): SessionSummary {
  return {
    label,
    harnessSessionId: null,
    pid: 1,
    cwd: "/work/api",
    project: "api",
    title: null,
    branch: null,
    startedAt: "2026-03-09T10:00:00.000Z",
    lastSeenAt: "2026-03-09T10:00:00.000Z",
    unread: 0,
    state: "idle",
    prompts: [],
    ...part,
  };
}

export function agent(cryptoId: string, part: Partial<AgentSummary> = {}): AgentSummary {
  return {
    cryptoId,
    name: cryptoId,
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
    keyStore: "keychain",
    lease: { state: "held" },
    incidents: [],
    storage: null,
    ...part,
  };
}

export function snapshot(revision: number, agents: AgentSummary[] = [], pid = 1): HostSnapshot {
  return {
    revision,
    host: {
      kind: "desktop",
      pid,
      version: "0",
      home: "/home",
      socket: "/socket",
      relay: "http://127.0.0.1:1",
      startedAt: `2026-03-09T10:00:0${pid}.000Z`,
    },
    agents,
    unopened: [],
    responders: [],
    incidents: [],
  };
}

export function hold(seq: number, part: Partial<HoldView> = {}): HoldView {
  return {
    seq,
    agentId: "a",
    agentName: "reviewer",
    id: `msg-${seq}`,
    from: "peer",
    fromName: null,
    fromSession: null,
    toSession: null,
    reason: "no_session_live",
    text: "text",
    heldAt: "2026-03-09T10:00:00.000Z",
    ...part,
  };
}
