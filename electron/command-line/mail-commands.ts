import { type Command, InvalidArgumentError, Option } from "commander";
import type { InboxOptions } from "../bridge/inbox-command.ts";
import type { SendOptions } from "../bridge/send-command.ts";
import type { Context, SharedOptions } from "./context.ts";

const WALLET = ["--wallet <name>", "the agent; needed where there are several"] as const;
const FILE = ["--file <path>", "take the text from a file, `-` for standard input"] as const;
const MAX_PAGE = 200;
const LONGEST_WAIT_S = 7 * 24 * 3600;

/** Sending, reading, and what no session could take. */
export function mailCommands(program: Command, context: Context): void {
  sending(
    context
      .command(program, "send", "send a message; without a text it is read from standard input")
      .argument("<to>", "a @handle, a cryptoId, a base64 key, or one of your own agents' names")
      .argument("[text...]", "the message")
      .option(...WALLET)
      .option("--session <label>", "the session it is for, e.g. claude:1")
      .option("--in-reply-to <id>", "the message that it answers"),
  ).action(async (to: string, text: string[], options: SendOptions & SharedOptions) => {
    const { sendMessage } = await import("../bridge/send-command.ts");
    await sendMessage(await context.open(options), to, text, options);
  });

  context
    .command(program, "inbox", "unread mail of an agent's sessions; looking leaves it unread")
    .option(...WALLET)
    .option("--session <label>", "of this session alone")
    .option("--take", "take the session's mail yourself: it is read, and out of its inbox")
    .option("--limit <n>", "at most so many messages of each session", wholeNumber(MAX_PAGE), 50)
    .action(async (options: InboxOptions & SharedOptions) => {
      const { showInbox } = await import("../bridge/inbox-command.ts");
      await showInbox(await context.open(options), options);
    });

  context
    .command(program, "sessions", "live sessions, and labels with mail that waits for them")
    .option("--wallet <name>", "of this agent alone")
    .action(async (options: { wallet?: string } & SharedOptions) => {
      const { listSessions } = await import("../bridge/sessions-command.ts");
      await listSessions(await context.open(options), options);
    });

  unroutedCommands(
    program.command("unrouted").description("mail that no session could take"),
    context,
  );
}

function unroutedCommands(unrouted: Command, context: Context): void {
  const ID = ["<id>", "the message's id, or the beginning of it"] as const;
  const load = () => import("../bridge/unrouted-command.ts");

  context
    .command(unrouted, "list", "what is held, oldest first", { isDefault: true })
    .option("--discarded", "what was discarded and can still be restored")
    .action(async (options: { discarded?: boolean } & SharedOptions) => {
      await (await load()).listUnrouted(await context.open(options), options);
    });
  context
    .command(unrouted, "give", "put it into a live session's inbox")
    .argument(...ID)
    .argument("<label>", "the session, e.g. claude:1")
    .action(async (id: string, label: string, options: SharedOptions) => {
      await (await load()).giveUnrouted(await context.open(options), id, label);
    });
  sending(
    context
      .command(unrouted, "answer", "answer it yourself; it is not held any more then")
      .argument(...ID)
      .argument("[text...]", "the answer"),
  ).action(async (id: string, text: string[], options: SendOptions & SharedOptions) => {
    await (await load()).answerUnrouted(await context.open(options), id, text, options);
  });
  context
    .command(unrouted, "discard", "take it out of the list; it can be restored for 30 days")
    .argument(...ID)
    .action(async (id: string, options: SharedOptions) => {
      await (await load()).discardUnrouted(await context.open(options), id);
    });
  context
    .command(unrouted, "restore", "hold a discarded message again")
    .argument(...ID)
    .action(async (id: string, options: SharedOptions) => {
      await (await load()).restoreUnrouted(await context.open(options), id);
    });
  context
    .command(unrouted, "rule", "mail for one label, while it is not live, goes to another")
    .argument("[from]", "that label; without it the rules are listed")
    .argument("[to]", "the other one")
    .option(...WALLET)
    .option("--remove", "end the rule for a label")
    .action(
      async (
        from: string | undefined,
        to: string | undefined,
        options: { wallet?: string; remove?: boolean } & SharedOptions,
      ) => {
        const labels = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
        await (await load()).ruleUnrouted(await context.open(options), labels, options);
      },
    );
}

/** How a text is given, and how long its way is followed. */
function sending(command: Command): Command {
  return command
    .option(...FILE)
    .addOption(
      new Option("--role <role>", "whose words these are")
        .choices(["user", "agent"])
        .default("user"),
    )
    .addOption(
      new Option("--wait [rung]", "stay until it was read, or answered; steps go to stderr")
        .choices(["read", "answered"])
        .preset("read"),
    )
    .option("--timeout <seconds>", "wait at most so long", wholeNumber(LONGEST_WAIT_S), 180);
}

function wholeNumber(highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= 1 && value <= highest) return value;
    throw new InvalidArgumentError(`A whole number from 1 to ${highest}.`);
  };
}
