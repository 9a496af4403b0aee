import type { Timers } from "../../../shared/pacing/timers.ts";
import type { Agent } from "../agent.ts";
import type { Session } from "../session-registry.ts";
import { AppendedLines } from "./appended-lines.ts";

const LOOK_EVERY_MS = 500;
/** How Claude Code's transcript says that the person refused, or pressed Escape. */
const INTERRUPTED = "[Request interrupted by user";

interface WaitingWatchParts {
  readonly agent: Agent;
  readonly timers: Timers;
  /** The state of a session changed. */
  readonly changed: (session: Session) => void;
}

/**
 * No hook tells that a person refused what was asked, so while a session waits for its person its
 * transcript is read (rule S3): an interruption says that the turn ended, and the result of a tool that
 * it goes on, where that is written before the hook after the tool was here.
 */
export class WaitingWatch {
  private readonly parts: WaitingWatchParts;
  private readonly looks = new Map<Session["life"], () => void>();

  constructor(parts: WaitingWatchParts) {
    this.parts = parts;
    parts.agent.once("closing", () => {
      for (const cancel of this.looks.values()) cancel();
    });
  }

  /** The session began to wait. */
  begin(session: Session): void {
    const { life } = session;
    if (life.transcript === null || this.looks.has(life)) return;
    void this.look(session, new AppendedLines(life.transcript, 0));
  }

  private async look(session: Session, lines: AppendedLines): Promise<void> {
    const { agent, timers, changed } = this.parts;
    const { life } = session;
    this.looks.delete(life);
    const waits = () => life.state === "waiting" && !agent.isClosed && agent.sessions.isLive(life);
    if (!waits()) return;
    const state = stateIn(await lines.read().catch(() => []));
    // A hook or the person may have said more meanwhile.
    if (!waits() || this.looks.has(life)) return;
    if (state === null) {
      this.looks.set(
        life,
        timers.after(LOOK_EVERY_MS, () => void this.look(session, lines)),
      );
      return;
    }
    life.state = state;
    life.prompts.clear();
    changed(session);
  }
}

/** What the newest of these lines says; null: the session still waits. */
function stateIn(lines: readonly string[]): "working" | "idle" | null {
  for (const line of lines.toReversed()) {
    const state = stateOf(line);
    if (state !== null) return state;
  }
  return null;
}

function stateOf(line: string): "working" | "idle" | null {
  if (!line.startsWith("{")) return null;
  try {
    const { type, isSidechain, message } = JSON.parse(line) as {
      type?: unknown;
      isSidechain?: unknown;
      message?: { content?: unknown };
    };
    if (type !== "user" || isSidechain === true || !Array.isArray(message?.content)) return null;
    const blocks = message.content as { type?: unknown; text?: unknown }[];
    if (blocks.some(({ text }) => String(text).startsWith(INTERRUPTED))) return "idle";
    return blocks.some((block) => block.type === "tool_result") ? "working" : null;
  } catch {
    return null;
  }
}
