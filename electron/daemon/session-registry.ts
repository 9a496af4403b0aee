import { basename } from "node:path";
import { compareLabels } from "../../shared/labels/labels.ts";
import type { SessionState, SessionSummary } from "../../shared/model/snapshot.ts";
import type { ClientPeer } from "../bridge/session-host.ts";
import { isHeldFor } from "../vault/hold-table.ts";
import { holderOf, labelOf, rememberHolder } from "../vault/label-table.ts";
import { hasUnanswered, unreadCount } from "../vault/mail-table.ts";
import type { Vault } from "../vault/vault.ts";
import { chooseLabel, type LabelRequest } from "./label-choice.ts";
import { PermissionPrompts } from "./permission-prompts.ts";
import type { LiveLabel } from "./router.ts";

/** How long an answer to an ended session keeps its label from being given out, in ms. */
const ANSWER_WAIT_MS = 24 * 3600 * 1000;

export interface SessionDescription {
  readonly harnessSessionId: string | null;
  readonly cwd: string;
  readonly pid: number;
}

/** What hooks tell of a session; it stays with it when its label changes. */
interface SessionLife {
  /** What a person knows it by (rule S7); null while unknown. */
  title: string | null;
  branch: string | null;
  state: SessionState;
  /** The transcript file, once a hook named it. */
  transcript: string | null;
  /** When one of its hooks reported last, in ms. */
  heardAt: number | null;
  /** A message that only its channel can have brought was seen: pushes reach it. */
  hasChannel: boolean;
  readonly prompts: PermissionPrompts;
  /** So often it was woken since its person last said something. */
  wakes: number;
  /** It was told who it is, since it began or was cleared. */
  isIntroduced: boolean;
  /** Contact requests that hooks told it of, and those that its channel was given. */
  readonly toldRequests: Set<string>;
  readonly pushedRequests: Set<string>;
  /** Every id its harness went by: a bridge of the same process may come back with an older one. */
  readonly harnessSessionIds: Set<string>;
}

/** A live session: one or more connections of one harness session (rule S6). */
export interface Session extends SessionDescription {
  /** Another one after /clear or resume. */
  harnessSessionId: string | null;
  readonly label: string;
  readonly startedAt: number;
  lastSeenAt: number;
  readonly peers: Set<ClientPeer>;
  readonly life: SessionLife;
}

/** What one `attach` came to. */
export interface Attached {
  readonly session: Session;
  /** The live session's label until then, when it took another; else null. */
  readonly renamedFrom: string | null;
}

/** The live sessions of one agent. Labels are unique at every moment: choosing one never awaits. */
export class SessionRegistry {
  private readonly live = new Map<string, Session>();
  private readonly vault: Vault;

  constructor(vault: Vault) {
    this.vault = vault;
  }

  /** Joins the live session of the same harness session id, or makes a new one under a label. */
  attach(
    peer: ClientPeer,
    description: SessionDescription,
    request: Pick<LabelRequest, "label" | "pinned">,
    now: number,
  ): Attached {
    const { harnessSessionId, pid } = description;
    // A client without a session id of its own is known by its connection.
    const known =
      (harnessSessionId === null ? null : this.byHarness(harnessSessionId, pid)) ?? this.of(peer);
    const label = chooseLabel(
      { ...request, harnessSessionId, held: known?.label ?? null },
      {
        isLive: (one) => this.live.has(one),
        before: (id) => labelOf(this.vault, id),
        isReserved: (one, id) => this.isReserved(one, id, now),
      },
    );
    if (label === known?.label) {
      known.peers.add(peer);
      known.lastSeenAt = now;
      return { session: known, renamedFrom: null };
    }
    const session: Session = {
      ...description,
      harnessSessionId: known?.harnessSessionId ?? harnessSessionId,
      label,
      startedAt: known?.startedAt ?? now,
      lastSeenAt: now,
      // A harness session that asks for a new label moves there with all its connections.
      peers: new Set([...(known?.peers ?? []), peer]),
      life: known?.life ?? newLife(harnessSessionId),
    };
    if (known) this.live.delete(known.label);
    this.live.set(label, session);
    return { session, renamedFrom: known?.label ?? null };
  }

  /** Remembers who held the label; inside `Vault.write`. */
  remember(session: Session, now: number): void {
    rememberHolder(this.vault, session.label, session.harnessSessionId, now);
  }

  /** Takes one connection away; the session's label when it ended with it. */
  detach(peer: ClientPeer): string | null {
    const session = this.of(peer);
    if (!session) return null;
    session.peers.delete(peer);
    session.life.prompts.leave(peer);
    if (session.peers.size > 0) return null;
    this.live.delete(session.label);
    return session.label;
  }

  /** Ends every connection; each takes its session away when it is closed. */
  endAll(reason: string): void {
    for (const session of this.live.values()) {
      for (const peer of session.peers) peer.close({ reason, next: "end" });
    }
  }

  of(peer: ClientPeer): Session | null {
    for (const session of this.live.values()) if (session.peers.has(peer)) return session;
    return null;
  }

  get(label: string): Session | null {
    return this.live.get(label) ?? null;
  }

  isLive(life: Session["life"]): boolean {
    return [...this.live.values()].some((session) => session.life === life);
  }

  labels(): LiveLabel[] {
    return [...this.live.values()];
  }

  summaries(unread: ReadonlyMap<string, number>): SessionSummary[] {
    return [...this.live.values()]
      .sort((a, b) => compareLabels(a.label, b.label))
      .map((session) => ({
        label: session.label,
        harnessSessionId: session.harnessSessionId,
        pid: session.pid,
        cwd: session.cwd,
        project: basename(session.cwd) || session.cwd,
        title: session.life.title,
        branch: session.life.branch,
        startedAt: new Date(session.startedAt).toISOString(),
        lastSeenAt: new Date(session.lastSeenAt).toISOString(),
        unread: unread.get(session.label) ?? 0,
        state: session.life.state,
        prompts: session.life.prompts.list(),
      }));
  }

  /**
   * The session of a harness that goes by this id. An id it went by before is its own for its process
   * alone: after /clear another process may resume what was there before, as a session of its own.
   */
  byHarness(id: string, pid: number): Session | null {
    const live = [...this.live.values()];
    return (
      live.find((one) => one.pid === pid && one.life.harnessSessionIds.has(id)) ??
      live.find((one) => one.harnessSessionId === id) ??
      null
    );
  }

  /** The session whose harness is this process. */
  byProcess(pid: number): Session | null {
    for (const session of this.live.values()) if (session.pid === pid) return session;
    return null;
  }

  /** Mail under a label belongs to who held it: a stranger must not come by it by number (R4). */
  private isReserved(label: string, harnessSessionId: string | null, now: number): boolean {
    const holder = holderOf(this.vault, label);
    if (harnessSessionId !== null && holder === harnessSessionId) return false;
    if (unreadCount(this.vault, label) > 0 || isHeldFor(this.vault, label)) return true;
    return hasUnanswered(this.vault, holder, label, now - ANSWER_WAIT_MS);
  }
}

function newLife(harnessSessionId: string | null): SessionLife {
  return {
    title: null,
    branch: null,
    state: "idle",
    transcript: null,
    heardAt: null,
    hasChannel: false,
    wakes: 0,
    prompts: new PermissionPrompts(),
    isIntroduced: false,
    toldRequests: new Set(),
    pushedRequests: new Set(),
    harnessSessionIds: new Set(harnessSessionId === null ? [] : [harnessSessionId]),
  };
}
