import type { ReceivedMessage } from "../../shared/protocol/received-message.ts";
import { asPerson, type Command, type OwnAgent, type Person } from "./person.ts";
import { UsageError } from "./terminal/exit-codes.ts";
import type { Output } from "./terminal/output.ts";
import { checkedLabel, clockTime, nameIn } from "./terminal/words.ts";

export interface InboxOptions {
  readonly wallet?: string;
  readonly session?: string;
  readonly take?: boolean;
  readonly limit: number;
}

interface Inbox {
  readonly label: string;
  readonly live: boolean;
  readonly unread: number;
  readonly messages: readonly ReceivedMessage[];
}

/**
 * `tinyplace inbox`: unread mail of an agent's sessions. Looking leaves it unread; `--take` takes one
 * session's mail out of its inbox, and it counts as read once it was printed.
 */
export async function showInbox(command: Command, options: InboxOptions): Promise<void> {
  if (options.take && options.session === undefined) {
    throw new UsageError(
      "--take takes the mail of one session.",
      "Name it with --session, for example --session claude:1.",
    );
  }
  const label = options.session === undefined ? null : checkedLabel(options.session);
  await asPerson(command, async (person, output) => {
    const agent = await person.agent(options.wallet);
    const asked = { wallet: agent.cryptoId, label, limit: options.limit };
    const { inboxes } = await person.call("person.unread", asked);
    if (!options.take || label === null) {
      return print(person, output, { agent, inboxes, taken: false });
    }
    const { wallet, limit } = asked;
    const { messages, deliveries } = await person.call("person.take", { wallet, label, limit });
    const taken = inboxes.map((one) => ({ ...one, messages }));
    await print(person, output, { agent, inboxes: taken, taken: true });
    await output.written();
    await person.call("person.taken", { agent: wallet, label, deliveries });
  });
}

async function print(
  person: Person,
  output: Output,
  found: { agent: OwnAgent; inboxes: readonly Inbox[]; taken: boolean },
): Promise<void> {
  const { agent, inboxes, taken } = found;
  const nameOf = nameIn(await person.snapshot());
  const result = {
    agent: { name: agent.name, address: agent.cryptoId },
    taken,
    inboxes,
  };
  output.result(result, () => {
    if (inboxes.every((one) => one.messages.length === 0)) {
      return output.line(`No unread mail for ${agent.name}.`);
    }
    for (const { label, live, unread, messages } of inboxes) {
      if (messages.length === 0) continue;
      const state = live ? "" : ", not live";
      const count = taken ? `${messages.length} taken` : `${unread} unread${state}`;
      output.line({ text: label, tone: "bold" }, { text: count, tone: "dim" });
      for (const message of messages) printMessage(output, message, nameOf);
    }
  });
}

function printMessage(
  output: Output,
  message: ReceivedMessage,
  nameOf: (cryptoId: string) => string,
): void {
  const { id, from, fromSession, timestamp, inReplyTo, auto } = message;
  output.line(
    { text: nameOf(from), tone: "green" },
    ...(fromSession ? [fromSession] : []),
    ...(timestamp ? [{ text: clockTime(timestamp), tone: "dim" } as const] : []),
    { text: id, tone: "dim" },
    ...(inReplyTo ? [`answers ${inReplyTo}`] : []),
    ...(auto ? ["automatic"] : []),
  );
  output.quote(message.text);
}
