import type { PermissionPrompt } from "../../shared/model/permission-prompt.ts";
import type { permissionCalls } from "../../shared/protocol/permission-calls.ts";
import type { ClientPeer } from "../bridge/session-host.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Session } from "./session-registry.ts";

/** So many questions of one session are kept, the newest. */
const MAX_PROMPTS = 16;

/** What one session asks its person, until somebody answers; which connection asked. */
export class PermissionPrompts {
  private readonly open = new Map<string, { prompt: PermissionPrompt; peer: ClientPeer }>();

  ask(prompt: PermissionPrompt, peer: ClientPeer): void {
    this.open.delete(prompt.id);
    this.open.set(prompt.id, { prompt, peer });
    const oldest = this.open.keys().next().value;
    if (this.open.size > MAX_PROMPTS && oldest !== undefined) this.open.delete(oldest);
  }

  /** The person's answer goes back once; false when the question is gone. */
  answer(id: string, allow: boolean): boolean {
    const asked = this.open.get(id);
    this.open.delete(id);
    asked?.peer.notify("permission.answer", { id, allow });
    return asked !== undefined;
  }

  /** The session goes on or ended its turn: it was answered at the terminal. */
  clear(): void {
    this.open.clear();
  }

  /** A connection ended, and its questions with it. */
  leave(peer: ClientPeer): void {
    for (const [id, asked] of this.open) if (asked.peer === peer) this.open.delete(id);
  }

  list(): PermissionPrompt[] {
    return [...this.open.values()].map(({ prompt }) => prompt);
  }
}

/** What a bridge says of its harness's questions. */
export function permissionHandlers(
  required: () => { agent: Agent; session: Session },
  peer: () => ClientPeer,
): CallHandlers<keyof typeof permissionCalls> {
  return {
    "permission.asked": (prompt) => {
      const { agent, session } = required();
      session.life.prompts.ask(prompt, peer());
      session.life.state = "waiting";
      agent.emit("changed");
      return {};
    },
  };
}

/** The person answers, in window or tray. False: somebody did before. */
export function answerPermission(
  agent: Agent,
  answer: { label: string; id: string; allow: boolean },
): boolean {
  const life = agent.sessions.get(answer.label)?.life;
  const answered = life?.prompts.answer(answer.id, answer.allow) ?? false;
  if (life && answered && answer.allow && life.prompts.list().length === 0) life.state = "working";
  agent.emit("changed");
  return answered;
}
