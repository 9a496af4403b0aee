import { z } from "zod";
import { ERROR_CODES } from "../errors/errors.ts";
import { ladderStep, rung } from "./ladder.ts";
import { permissionPrompt } from "./permission-prompt.ts";
import { responderSummary } from "./responder.ts";
import { suite } from "./suite.ts";

/**
 * What the daemon tells windows, tray and `status` about itself. Times are ISO 8601 strings in UTC.
 * Agents are named by cryptoId everywhere; names are the person's own.
 */
/** `waiting`: for the person, who has to allow or answer something. */
export const sessionState = z.enum(["working", "idle", "waiting"]);
export type SessionState = z.infer<typeof sessionState>;

const sessionSummary = z.object({
  label: z.string(),
  harnessSessionId: z.string().nullable(),
  pid: z.number().int().nonnegative(),
  cwd: z.string(),
  /** The last part of `cwd`: what a person calls the project. */
  project: z.string(),
  /** What the person or the harness called it, and the branch its folder is on; null: unknown. */
  title: z.string().nullable(),
  branch: z.string().nullable(),
  startedAt: z.string(),
  lastSeenAt: z.string(),
  unread: z.number().int().nonnegative(),
  state: sessionState,
  /** What it asks its person to allow, where its channel relays that. */
  prompts: z.array(permissionPrompt),
});
export type SessionSummary = z.infer<typeof sessionSummary>;

const relaySummary = z.object({
  url: z.string(),
  state: z.enum(["connecting", "online", "offline"]),
  /** Why it is offline, for a person; null while online. */
  problem: z.string().nullable(),
});
export type RelaySummary = z.infer<typeof relaySummary>;

/** A handle that came to mean another agent: nothing is sent to it until a person decides (C2). */
const handleChange = z.object({
  handle: z.string(),
  /** cryptoIds */
  before: z.string(),
  now: z.string(),
  at: z.string(),
});
export type HandleChange = z.infer<typeof handleChange>;

/** Something that befell stored data or the relay, and what was done about it, as sentences for a person. */
const incident = z.object({
  at: z.string(),
  kind: z.enum(["vault_rescued", "relay_replaced", "relay_damaged", "others_unserved"]),
  words: z.string(),
});
export type Incident = z.infer<typeof incident>;

export const keyStore = z.enum(["keychain", "passphrase", "file"]);

export const agentSummary = z.object({
  cryptoId: z.string(),
  name: z.string(),
  /** The agent's @handle on its relay, if it claimed one. */
  handle: z.string().nullable(),
  /** base64 messaging address */
  publicKey: z.string(),
  sessions: z.array(sessionSummary),
  /** Labels without a live session that still have mail: [label, unread]. */
  absent: z.array(z.object({ label: z.string(), unread: z.number().int().nonnegative() })),
  unread: z.number().int().nonnegative(),
  holds: z.number().int().nonnegative(),
  /** Outgoing messages that the relay has not accepted yet. */
  queued: z.number().int().nonnegative(),
  /** Envelopes that could not be decrypted and are kept in quarantine. */
  undecryptable: z.number().int().nonnegative(),
  /** Messages a person began to write in its name. */
  drafts: z.number().int().nonnegative(),
  /** Mail from outside is received and held, and nothing is handed out (rule U1). */
  paused: z.boolean(),
  contactRequests: z.array(z.object({ agentId: z.string() })),
  handleChanges: z.array(handleChange),
  relay: relaySummary,
  /** Where the vault's key is kept. */
  keyStore,
  /** Whether this installation drains the agent's mailbox (rule N5). */
  lease: z.discriminatedUnion("state", [
    z.object({ state: z.enum(["unknown", "held", "unsupported"]) }),
    z.object({ state: z.literal("elsewhere"), host: z.string(), since: z.string() }),
  ]),
  /** Newest first. */
  incidents: z.array(incident),
  /** What keeps the vault from keeping anything at this moment; null while all is well. */
  storage: z.object({ code: z.enum(ERROR_CODES), reason: z.string(), next: z.string() }).nullable(),
});
export type AgentSummary = z.infer<typeof agentSummary>;

/** Who owns the data folder: the application, a daemon, or the bridge of a session. */
export const hostKind = z.enum(["desktop", "headless", "bridge"]);
export type HostKind = z.infer<typeof hostKind>;

/** An agent of this data folder whose vault does not open; the others work on without it. */
const unopenedAgent = z.object({
  cryptoId: z.string(),
  /** Null when even the key file does not say it. */
  name: z.string().nullable(),
  code: z.enum(ERROR_CODES),
  /** Why, and what to do next, as sentences for a person. */
  reason: z.string(),
  next: z.string(),
  /** A passphrase is what opens it. */
  underPassphrase: z.boolean(),
});
export type UnopenedAgent = z.infer<typeof unopenedAgent>;

export const hostSnapshot = z.object({
  /** Grows with every change; a reader drops what is older than what it has. */
  revision: z.number().int().nonnegative(),
  host: z.object({
    kind: hostKind,
    pid: z.number().int().positive(),
    version: z.string(),
    home: z.string(),
    socket: z.string(),
    relay: z.string(),
    startedAt: z.string(),
  }),
  agents: z.array(agentSummary),
  unopened: z.array(unopenedAgent),
  /** Of every open agent. */
  responders: z.array(responderSummary),
  /** Since this host started; those of an agent's vault are kept with the agent. */
  incidents: z.array(incident),
});
export type HostSnapshot = z.infer<typeof hostSnapshot>;

export const messageView = z.object({
  /** Position in the agent's vault; the cursor of `inbox.list`. */
  seq: z.number().int().positive(),
  id: z.string(),
  direction: z.enum(["in", "out", "local"]),
  /** The other agent's cryptoId (the agent's own for mail between its sessions). */
  peer: z.string(),
  /** The person's name for the peer, when the peer is one of the person's own agents. */
  peerName: z.string().nullable(),
  fromSession: z.string().nullable(),
  toSession: z.string().nullable(),
  inReplyTo: z.string().nullable(),
  role: z.enum(["user", "agent"]),
  text: z.string(),
  auto: z.boolean(),
  /** Sent again after a repair, out of its sender's order. */
  late: z.boolean(),
  /** The cipher it came or went in; null within one agent, and before it is encrypted. */
  suite: suite.nullable(),
  /** When the sender says it was written; untrusted. */
  sentAt: z.string().nullable(),
  /** When this daemon committed it. */
  at: z.string(),
  /** For mail in this session's inbox. */
  readAt: z.string().nullable(),
  /** For mail this session sent: where it stands, and every step with its time, lowest first. */
  rung: rung.nullable(),
  ladder: z.array(ladderStep),
  /** Why it is `failed`, or why it waits. */
  problem: z.string().nullable(),
});
export type MessageView = z.infer<typeof messageView>;

export const holdReason = z.enum([
  "session_not_live",
  "no_session_live",
  /** It was in the inbox of a session that ended before it read it. */
  "session_ended",
  "policy_hold",
  "ask_first",
  "quiet_hours",
  "paused",
]);
export type HoldReason = z.infer<typeof holdReason>;

export const holdView = z.object({
  seq: z.number().int().positive(),
  /** The agent that holds it. */
  agentId: z.string(),
  agentName: z.string(),
  id: z.string(),
  from: z.string(),
  fromName: z.string().nullable(),
  fromSession: z.string().nullable(),
  toSession: z.string().nullable(),
  reason: holdReason,
  text: z.string(),
  heldAt: z.string(),
});
export type HoldView = z.infer<typeof holdView>;

/** A held message that a person discarded, and until when that can be taken back. */
export const discardedView = holdView.extend({ discardedAt: z.string(), undoUntil: z.string() });
export type DiscardedView = z.infer<typeof discardedView>;
