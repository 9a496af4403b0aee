import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import { isFinalRung, type Rung } from "../../shared/model/ladder.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { CallResult } from "../../shared/protocol/protocol.ts";
import { freshMessageId } from "../platform/fresh-message-id.ts";
import { asPerson, type Command, type OwnAgent, type Person } from "./person.ts";
import { EXIT, WaitedInVain } from "./terminal/exit-codes.ts";
import type { Output } from "./terminal/output.ts";
import { checkedId, checkedLabel, isLost, messageText, stepCells } from "./terminal/words.ts";
import { timeLeft } from "./time-left.ts";

export interface SendOptions {
  readonly wallet?: string;
  readonly session?: string;
  readonly inReplyTo?: string;
  readonly role: "user" | "agent";
  readonly file?: string;
  /** Until when the command stays. */
  readonly wait?: "read" | "answered";
  /** At most this many seconds. */
  readonly timeout: number;
}

interface Followed extends CallResult<"person.follow"> {
  /** Why it could not be followed to the end. */
  readonly problem?: unknown;
}

/** One question to the host waits at most this long, in ms. */
const LOOK_MS = 30_000;
/** An owner in this process sends what it can before it ends, for this long, in ms. */
const OWN_END_MS = 5_000;
const REACHED: Record<"read" | "answered" | "relayed", ReadonlySet<Rung>> = {
  relayed: new Set(["relayed", "received", "held", "inbox", "pushed", "read", "seen", "answered"]),
  read: new Set(["read", "seen", "answered"]),
  answered: new Set(["answered"]),
};

/**
 * `tinyplace send`: sends as the person, in the name of one of their agents and of no session (rule
 * S4). Its id is made here, so that a repeated attempt sends once.
 */
export async function sendMessage(
  command: Command,
  to: string,
  words: readonly string[],
  options: SendOptions,
): Promise<void> {
  const toSession = options.session === undefined ? null : checkedLabel(options.session);
  const answered = options.inReplyTo === undefined ? null : checkedId(options.inReplyTo);
  const body = await messageText(words, options.file);
  await asPerson(command, async (person, output) => {
    const agent = await person.agent(options.wallet);
    const message = {
      id: freshMessageId(),
      agentId: agent.cryptoId,
      ...{ fromSession: null, to: to.startsWith("@") ? to : await person.peer(agent, to) },
      ...{ toSession, role: options.role, text: body },
    };
    const answers =
      answered === null ? null : { id: answered, quote: "", hold: null, settle: false };
    const { sent } = await person.ask("composer.send", { ...message, answers });
    await conclude(person, output, { agent, sent, options });
  });
}

/** Prints the message and its ladder, after waiting for what the options say. */
export async function conclude(
  person: Person,
  output: Output,
  about: { agent: OwnAgent; sent: SentMessage; options: Pick<SendOptions, "wait" | "timeout"> },
): Promise<void> {
  const { agent, sent, options } = about;
  const { wait } = options;
  const until = wait ?? (person.isOwnerHere ? "relayed" : null);
  const limitMs = wait ? options.timeout * 1000 : OWN_END_MS;
  const now = until
    ? await follow(person, { agent, sent, until, limitMs, output: wait ? output : null })
    : { sent, answer: null };
  const result = wait === "answered" ? { sent: now.sent, reply: now.answer } : { sent: now.sent };
  output.result(result, () => inWords(output, now, wait === "answered"));
  if (now.problem !== undefined) throw onlyTheWaitEnded(sent.id, now.problem);
  if (isLost(now.sent)) process.exitCode = EXIT.failure;
  else if (wait && !REACHED[wait].has(now.sent.state)) {
    throw new WaitedInVain(`It was not ${wait} within ${options.timeout} s; it goes on by itself.`);
  }
}

/** As far as it can be followed; it was sent in any case, so this never throws. */
async function follow(
  person: Person,
  task: {
    agent: OwnAgent;
    sent: SentMessage;
    until: keyof typeof REACHED;
    limitMs: number;
    /** Where each new step is told; null for none. */
    output: Output | null;
  },
): Promise<Followed> {
  const left = timeLeft(task.limitMs);
  let now: Followed = { sent: task.sent, answer: null };
  // By its name: a step may come below others, as when mail of an inbox is held later.
  const told = new Set<Rung>();
  for (;;) {
    for (const step of now.sent.ladder.filter((one) => !told.has(one.rung))) {
      task.output?.progress(...stepCells(step));
      told.add(step.rung);
    }
    const { state } = now.sent;
    const isOver = REACHED[task.until].has(state) || isFinalRung(state) || left() <= 0;
    // The answer is asked for once more, since `answered` may be known before it was looked for.
    if (isOver && (state !== "answered" || now.answer)) return now;
    const about = { wallet: task.agent.cryptoId, id: now.sent.id, known: told.size };
    const asked = () => ({ ...about, waitMs: Math.min(left(), LOOK_MS) });
    try {
      now = await person.call("person.follow", asked);
    } catch (problem) {
      return { ...now, problem };
    }
  }
}

function onlyTheWaitEnded(id: string, thrown: unknown): TinyplaceError {
  const { code, error, next } = errorView(thrown);
  return new TinyplaceError(
    code,
    `The message ${id} was sent; what became of it since is not known: ${error}`,
    `Do not send it again. ${next}`,
    { cause: thrown },
  );
}

function inWords(output: Output, { sent, answer }: Followed, withAnswer: boolean): void {
  output.line({ text: sent.id, tone: "bold" }, `to ${sent.to}`, sent.toSession ?? "");
  output.rows(sent.ladder.map((step) => ["", ...stepCells(step)]));
  if (sent.problem) output.line({ text: sent.problem, tone: isLost(sent) ? "red" : "yellow" });
  if (!withAnswer || !answer) return;
  output.line({ text: "answer", tone: "bold" }, answer.id, answer.fromSession ?? "");
  output.quote(answer.text);
}
