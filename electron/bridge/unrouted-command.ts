import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { DiscardedView, HoldReason, HoldView } from "../../shared/model/snapshot.ts";
import { freshMessageId } from "../platform/fresh-message-id.ts";
import { asPerson, type Command, type Person } from "./person.ts";
import { conclude, type SendOptions } from "./send-command.ts";
import { UsageError } from "./terminal/exit-codes.ts";
import type { Output } from "./terminal/output.ts";
import { checkedLabel, clockTime, messageText } from "./terminal/words.ts";

/** What a person does with held mail (rule R3). A message is named by its id, or the beginning of it. */
const WHY: Record<HoldReason, string> = {
  session_not_live: "its session is not live",
  no_session_live: "no session is live",
  session_ended: "its session ended before it read it",
  policy_hold: "held by a rule",
  ask_first: "asks first",
  quiet_hours: "quiet hours",
  paused: "paused",
};
const QUOTE_LENGTH = 1000;

export async function listUnrouted(
  command: Command,
  options: { readonly discarded?: boolean },
): Promise<void> {
  await asPerson(command, async (person, output) => {
    if (options.discarded) {
      const { discarded } = await person.ask("discarded.list", {});
      output.result({ count: discarded.length, discarded }, () =>
        printHolds(output, discarded, "Nothing was discarded in the last 30 days."),
      );
      return;
    }
    const { holds } = await person.ask("holds.list", {});
    output.result({ count: holds.length, holds }, () =>
      printHolds(output, holds, "Nothing is held."),
    );
  });
}

/** Gives it to a live session, past all rules. */
export async function giveUnrouted(command: Command, id: string, label: string): Promise<void> {
  await asPerson(command, async (person, output) => {
    const { agentId, seq, ...hold } = await held(person, id);
    await person.ask("hold.assign", { agentId, seq, label });
    output.result({ given: { id: hold.id, label } }, () =>
      output.line(`${hold.id} is in the inbox of ${hold.agentName} ${label}.`),
    );
  });
}

/** Answers it, as the session it was meant for where there was one, and takes it out of the list. */
export async function answerUnrouted(
  command: Command,
  id: string,
  words: readonly string[],
  options: Pick<SendOptions, "file" | "role" | "wait" | "timeout">,
): Promise<void> {
  const body = await messageText(words, options.file);
  await asPerson(command, async (person, output) => {
    const hold = await held(person, id);
    const { sent } = await person.ask("composer.send", {
      id: freshMessageId(),
      agentId: hold.agentId,
      // Whoever asked a session waits for that session's answer (rule A2).
      fromSession: hold.toSession,
      to: hold.from,
      toSession: hold.fromSession,
      role: options.role,
      text: body,
      answers: {
        id: hold.id,
        quote: hold.text.slice(0, QUOTE_LENGTH),
        hold: hold.seq,
        settle: true,
      },
    });
    const agent = { name: hold.agentName, cryptoId: hold.agentId };
    await conclude(person, output, { agent, sent, options });
  });
}

export async function discardUnrouted(command: Command, id: string): Promise<void> {
  await asPerson(command, async (person, output) => {
    const { agentId, seq, ...hold } = await held(person, id);
    await person.ask("hold.discard", { agentId, seq });
    output.result({ discarded: { id: hold.id } }, () =>
      output.line(`${hold.id} is discarded; for 30 days: tinyplace unrouted restore ${hold.id}`),
    );
  });
}

export async function restoreUnrouted(command: Command, id: string): Promise<void> {
  await asPerson(command, async (person, output) => {
    const { discarded } = await person.ask("discarded.list", {});
    const { agentId, seq, ...hold } = oneOf(discarded, id, "was discarded in the last 30 days");
    await person.ask("hold.undiscard", { agentId, seq });
    output.result({ restored: { id: hold.id } }, () => output.line(`${hold.id} is held again.`));
  });
}

/** Mail for one label, while it is not live, goes to another one. */
export async function ruleUnrouted(
  command: Command,
  labels: { readonly from?: string; readonly to?: string },
  options: { readonly wallet?: string; readonly remove?: boolean },
): Promise<void> {
  const { from, to } = labels;
  for (const one of [from, to]) if (one !== undefined) checkedLabel(one);
  const isList = from === undefined && !options.remove;
  if (!isList && (from === undefined || (to === undefined) !== (options.remove ?? false))) {
    throw new UsageError(
      "A rule is made of two labels; one is removed by its first.",
      "tinyplace unrouted rule FROM TO, or tinyplace unrouted rule FROM --remove.",
    );
  }
  await asPerson(command, async (person, output) => {
    const { cryptoId: agentId } = await person.agent(options.wallet);
    if (from === undefined) return listRules(person, output, agentId);
    if (to === undefined) {
      await person.ask("redirect.remove", { agentId, from });
      output.result({ removed: { from } }, () => output.line(`No rule for ${from} any more.`));
      return;
    }
    await person.ask("redirect.set", { agentId, from, to });
    output.result({ rule: { from, to } }, () =>
      output.line(`Mail for ${from}, while it is not live, goes to ${to}.`),
    );
  });
}

async function listRules(person: Person, output: Output, agentId: string): Promise<void> {
  const { agents } = await person.ask("settings.get", {});
  const rules = agents.find((one) => one.agentId === agentId)?.redirects ?? [];
  output.result({ rules }, () => {
    if (rules.length === 0) output.line("There is no rule.");
    else
      output.table(
        ["MAIL FOR", "GOES TO"],
        rules.map((one) => [one.from, one.to]),
      );
  });
}

async function held(person: Person, id: string): Promise<HoldView> {
  const { holds } = await person.ask("holds.list", {});
  return oneOf(holds, id, "is held");
}

/** @param where what is true of all of them, after "no message ...". */
function oneOf<T extends HoldView>(holds: readonly T[], id: string, where: string): T {
  const exact = holds.filter((one) => one.id === id);
  const [found, another] = exact.length > 0 ? exact : holds.filter((one) => one.id.startsWith(id));
  if (found && !another && id !== "") return found;
  throw new TinyplaceError(
    "bad_request",
    another
      ? `${id.slice(0, 64)} stands for several messages.`
      : `No message ${id.slice(0, 64)} ${where}.`,
    "`tinyplace unrouted` lists what is held, with its ids.",
  );
}

function printHolds(
  output: Output,
  holds: readonly (HoldView | DiscardedView)[],
  none: string,
): void {
  if (holds.length === 0) output.line(none);
  for (const hold of holds) {
    const to = hold.toSession ? `${hold.agentName} ${hold.toSession}` : hold.agentName;
    const from = [hold.fromName ?? hold.from, hold.fromSession ?? ""].join(" ").trim();
    output.line(
      { text: hold.id, tone: "bold" },
      { text: clockTime(hold.heldAt), tone: "dim" },
      `${from} to ${to}:`,
      { text: WHY[hold.reason], tone: "yellow" },
    );
    output.quote(output.short(hold.text, 4));
  }
}
