import { z } from "zod";
import { lazily } from "../lazily.ts";
import { sentMessage } from "../model/sent.ts";
import { hostKind, hostSnapshot, keyStore, sessionState } from "../model/snapshot.ts";
import { carried, hookCalls, hookNotifications } from "./hook-calls.ts";
import { moveCalls } from "./move-calls.ts";
import { assignmentCalls, contactCalls, handleCalls } from "./name-calls.ts";
import { permissionCalls, permissionNotifications } from "./permission-calls.ts";
import { personCalls } from "./person-calls.ts";
import { reachCalls, reachNotifications } from "./reach-calls.ts";
import { toldMessage } from "./received-message.ts";
import { responderCalls } from "./responder-calls.ts";
import { triageCalls } from "./triage-calls.ts";

/**
 * The local socket's protocol: JSON-RPC 2.0 calls from a client (bridge, hook, command line) to the
 * host, and a few notifications back. Both ends read what arrives through these schemas.
 *
 * Every connection begins with `hello` and `prove`: each side proves that it read the secret file, so
 * neither an intruder's client nor an intruder's socket is believed. Times are ISO 8601 in UTC.
 */
/** Longest frame either side accepts, in bytes: one 256 KiB text, escaped, plus room for a page. */
export const MAX_FRAME_BYTES = 4 * 1024 * 1024;

export const agentRef = z.object({
  name: z.string(),
  /** cryptoId */
  address: z.string(),
  publicKey: z.string(),
  /** Its @handle on the relay, if it claimed one. */
  handle: z.string().nullable(),
});
export type AgentRef = z.infer<typeof agentRef>;

/**
 * Deliveries of one agent that were handed out; they count as read once `confirm` names them (rule
 * M1). Their numbers are that agent's own: without its cryptoId they say nothing.
 */
const handed = z.object({
  agent: z.string().max(64),
  deliveries: z.array(z.number().int()).max(10_000),
});
export type Handed = z.infer<typeof handed>;

/** What was written to a client whose host went away before it knew, not to be given again. */
const written = z
  .object({
    /** By tools: read. */
    handed: z.array(handed).max(1_000),
    /** By the channel. */
    pushed: z.array(carried).max(1_000),
  })
  .optional();

const sessionView = z.object({
  label: z.string(),
  harnessSessionId: z.string().nullable(),
  pid: z.number().int(),
  cwd: z.string(),
  startedAt: z.string(),
  updatedAt: z.string(),
  self: z.boolean(),
  state: sessionState,
  unread: z.number().int(),
});

const attached = z.object({
  active: agentRef,
  label: z.string(),
  sessions: z.array(z.object({ label: z.string(), live: z.boolean() })),
});

export const calls = {
  hello: lazily({
    params: () =>
      z.object({ protocol: z.number().int(), client: z.string().max(64), nonce: z.string() }),
    result: () => z.object({ nonce: z.string(), proof: z.string() }),
  }),
  prove: lazily({
    params: () => z.object({ proof: z.string() }),
    result: () =>
      z.object({
        pid: z.number(),
        kind: hostKind,
        version: z.string(),
      }),
  }),
  /**
   * The desktop application asks for the data folder (rule L4). A host without a window drains, says
   * goodbye and releases the lock; another desktop stays, and shows its window where `show` says so.
   */
  handover: lazily({
    params: () =>
      z.object({
        show: z.boolean(),
        /** A `tinyplace://` link that the other start was given. */
        link: z.string().max(400).optional(),
      }),
    result: () => z.object({ releasing: z.boolean() }),
  }),
  /** Makes this connection a session of `wallet`. Attaching again moves it (other wallet or label). */
  attach: lazily({
    params: () =>
      z.object({
        wallet: z.string().min(1).max(64),
        /** The label asked for; null lets the host choose (rule S2). */
        label: z.string().max(64).nullable(),
        /** True: exactly this label or an error (TINYPLACE_SESSION_LABEL). */
        pinned: z.boolean(),
        harnessSessionId: z.string().max(128).nullable(),
        cwd: z.string().max(4096),
        pid: z.number().int().nonnegative(),
        written,
      }),
    result: () => attached,
  }),
  /** Lets this connection send in the wallet's name without being a session of it (rule S4). */
  "attach.sender": lazily({
    params: () => z.object({ wallet: z.string().min(1).max(64) }),
    result: () => z.object({ active: agentRef }),
  }),
  /** As `attach`, with the wallet that is assigned to this place; null where none is. */
  "attach.assigned": lazily({
    params: () =>
      z.object({
        label: z.string().max(64).nullable(),
        pinned: z.boolean(),
        harnessSessionId: z.string().max(128).nullable(),
        project: z.string().max(4096).nullable(),
        cwd: z.string().max(4096),
        pid: z.number().int().nonnegative(),
        written,
      }),
    result: () => z.object({ attached: attached.nullable() }),
  }),
  "wallet.create": lazily({
    // What a name may be is said by whoever makes the agent.
    params: () => z.object({ name: z.string().max(1024) }),
    result: () => z.object({ created: agentRef }),
  }),
  "wallet.list": lazily({
    params: () => z.object({}),
    result: () => z.object({ wallets: z.array(agentRef.extend({ active: z.boolean() })) }),
  }),
  whoami: lazily({
    params: () => z.object({}),
    result: () =>
      z.object({
        attached: attached.nullable(),
        harnessSessionId: z.string().nullable(),
        /** Unread messages of this session. */
        buffered: z.number().int(),
        /** Whether its agent answers by itself; null before it has one. */
        autorespond: z.enum(["on", "off"]).nullable(),
        undecryptable: z.number().int(),
        pendingContactRequests: z.number().int(),
      }),
  }),
  sessions: lazily({
    params: () => z.object({}),
    result: () =>
      z.object({
        agent: agentRef,
        count: z.number().int(),
        sessions: z.array(sessionView),
        thisLabel: z.string().nullable(),
      }),
  }),
  send: lazily({
    params: () =>
      z.object({
        /** Made by the client before its first attempt: repeating the call sends once (rule M1). */
        id: z.string().max(128),
        /** @handle, cryptoId or base64 key */
        to: z.string().min(1).max(128),
        body: z.string(),
        toSession: z.string().max(256).nullable(),
        inReplyTo: z.string().max(128).nullable(),
        role: z.enum(["user", "agent"]),
        auto: z.boolean(),
      }),
    result: () => z.object({ sent: sentMessage }),
  }),
  /** How far a message of this agent has come. */
  "message.status": lazily({
    params: () => z.object({ id: z.string().max(128) }),
    result: () => z.object({ sent: sentMessage }),
  }),
  /** Takes back a message that has not left this machine; `not_allowed` when it may have. */
  "message.cancel": lazily({
    params: () => z.object({ id: z.string().max(128) }),
    result: () => z.object({ sent: sentMessage }),
  }),
  inbox: lazily({
    params: () => z.object({ peek: z.boolean() }),
    result: () =>
      z.object({
        handed,
        messages: z.array(toldMessage),
        contactRequests: z.array(z.object({ agentId: z.string() })),
        undecryptable: z.number().int(),
      }),
  }),
  /** The reply to one sent message: waits up to `waitMs` (at most 600,000), then says pending. */
  "reply.check": lazily({
    params: () =>
      z.object({
        inReplyTo: z.string().max(128),
        waitMs: z.number().int().min(0).max(600_000),
      }),
    result: () => z.object({ handed, reply: toldMessage.nullable() }),
  }),
  /** The next unread message from a peer; `timeoutMs` at most 600,000. Can be cancelled. */
  "reply.await": lazily({
    params: () =>
      z.object({
        from: z.string().min(1).max(128),
        timeoutMs: z.number().int().min(0).max(600_000),
      }),
    result: () => z.object({ handed, reply: toldMessage.nullable() }),
  }),
  /**
   * The result that carried these was written to the client: they are read. Those of an agent that
   * this connection has left since are offered again, marked so.
   */
  confirm: lazily({
    params: () => handed,
    result: () => z.object({}),
  }),
  ...assignmentCalls,
  ...contactCalls,
  ...triageCalls,
  ...handleCalls,
  ...personCalls,
  /** What a person does with a vault's passphrase (rule Z1); the present one where there is one. */
  "vault.passphrase": lazily({
    params: () =>
      z.object({
        /** A wallet's name or cryptoId. */
        wallet: z.string().min(1).max(64),
        action: z.enum(["set", "change", "remove", "unlock", "lock"]),
        current: z.string().max(4096).nullable(),
        next: z.string().max(4096).nullable(),
      }),
    result: () => z.object({ keyStore, open: z.boolean() }),
  }),
  ...hookCalls,
  ...responderCalls,
  ...moveCalls,
  ...permissionCalls,
  ...reachCalls,
  /** For `tinyplace status`: everything windows see. */
  status: lazily({ params: () => z.object({}), result: () => hostSnapshot }),
} as const;

type Calls = typeof calls;
export type CallName = keyof Calls;
export type CallParams<N extends CallName> = z.infer<Calls[N]["params"]>;
export type CallResult<N extends CallName> = z.infer<Calls[N]["result"]>;

/** Host to client, without an answer. */
const notifications = {
  /** Unread mail of this session changed. */
  mail: z.object({ unread: z.number().int(), latest: toldMessage.nullable() }),
  /**
   * The host ends this connection in order. `next` says what a client may expect: the desktop
   * application takes over (`handover`), nobody needs a host just now (`idle`), or nothing (`end`).
   */
  goodbye: z.object({ reason: z.string(), next: z.enum(["handover", "idle", "end"]) }),
  /**
   * An agent that was here and did not open is open now. Told to connections without an agent: a session
   * that could not take its place may try again.
   */
  "agent.opened": z.object({}),
  ...hookNotifications,
  ...permissionNotifications,
  ...reachNotifications,
} as const;

type Notifications = typeof notifications;
export type NotificationName = keyof Notifications;
export type NotificationParams<N extends NotificationName> = z.infer<Notifications[N]>;

/**
 * A request for a sign of life, answered with null: the host's to a session, which has 30 s (rule S1),
 * and a client's to the host, in which it has no part to play but to run.
 */
export const PING = "ping";
