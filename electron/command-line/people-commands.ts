import { type Command, Option } from "commander";
import type { MailSettings } from "../bridge/agents-command.ts";
import type { ContactOptions } from "../bridge/contacts-command.ts";
import type { PassphraseOptions } from "../bridge/passphrase-command.ts";
import type { Context, SharedOptions } from "./context.ts";
import { deleteCommand } from "./move-commands.ts";

/** The person's agents, their names and keys, and the agents they know. */
export function peopleCommands(program: Command, context: Context): void {
  agentCommands(program.command("agents").description("your agents"), context);
  contactCommands(
    program.command("contacts").description("who may write to an agent of yours"),
    context,
  );
  handleCommands(
    program.command("handle").description("names of your agents, and of others"),
    context,
  );
  context
    .command(
      program,
      "passphrase",
      "put the key of an agent's vault under a passphrase; unlock and lock it",
    )
    .argument("<action>", "set, change, remove, unlock or lock")
    .requiredOption("--wallet <name>", "the agent")
    .option("--file <path>", "a file of mode 0600 with the present passphrase")
    .option("--new-file <path>", "a file of mode 0600 with the new one")
    .action(async (action: string, options: PassphraseOptions & SharedOptions) => {
      const { runPassphrase } = await import("../bridge/passphrase-command.ts");
      await runPassphrase(await context.open(options), action, options);
    });
}

function agentCommands(agents: Command, context: Context): void {
  const load = () => import("../bridge/agents-command.ts");
  context
    .command(agents, "list", "the agents of this data folder", { isDefault: true })
    .action(async (options: SharedOptions) => {
      await (await load()).listAgents(await context.open(options));
    });
  context
    .command(agents, "create", "a new agent with a vault of its own")
    .argument("<name>", "what you call it")
    .action(async (name: string, options: SharedOptions) => {
      await (await load()).createAgent(await context.open(options), name);
    });
  context
    .command(agents, "set", "what becomes of an agent's mail; without an option, what is set")
    .argument("<name>")
    .addOption(
      new Option("--policy <policy>", "mail for no session in particular").choices([
        "primary",
        "broadcast",
        "drop",
      ]),
    )
    .addOption(new Option("--pause", "receive and hold, and hand nothing out").conflicts("resume"))
    .option("--resume", "end the pause")
    .action(async (name: string, options: MailSettings & SharedOptions) => {
      await (await load()).setAgent(await context.open(options), name, options);
    });
  context
    .command(agents, "move-here", "take an agent over from the machine where it lives now")
    .argument("<name>")
    .action(async (name: string, options: SharedOptions) => {
      await (await load()).moveAgentHere(await context.open(options), name);
    });
  deleteCommand(agents, context);
}

function contactCommands(contacts: Command, context: Context): void {
  const load = () => import("../bridge/contacts-command.ts");
  const WALLET = ["--wallet <name>", "the agent; needed where there are several"] as const;
  const PEER = ["<peer>", "a @handle, a cryptoId, a base64 key, or an agent's name"] as const;
  type Options = ContactOptions & SharedOptions;
  const about = (words: string, description: string) =>
    context
      .command(contacts, words, description)
      .option(...WALLET)
      .argument(...PEER);

  context
    .command(contacts, "list", "contacts, and requests either way", { isDefault: true })
    .option(...WALLET)
    .action(async (options: Options) => {
      await (await load()).listContacts(await context.open(options), options);
    });
  about("add", "ask for contact").action(async (peer: string, options: Options) => {
    await (await load()).addContact(await context.open(options), peer, options);
  });
  about("accept", "accept a request").action(async (peer: string, options: Options) => {
    await (await load()).acceptContact(await context.open(options), peer, options);
  });
  about("decline", "decline a request").action(async (peer: string, options: Options) => {
    await (await load()).declineContact(await context.open(options), peer, options);
  });
  about("remove", "end a contact, take a request back, or end your own block").action(
    async (peer: string, options: Options) => {
      await (await load()).removeContact(await context.open(options), peer, options);
    },
  );
  about("block", "take neither mail nor requests of an agent").action(
    async (peer: string, options: Options) => {
      await (await load()).blockContact(await context.open(options), peer, options);
    },
  );
  about("verify", "show the safety number that both sides compare")
    .addOption(
      new Option("--mark", "keep that you compared it, and it was the same").conflicts("unmark"),
    )
    .option("--unmark", "take that back")
    .action(async (peer: string, options: Options & { mark?: boolean; unmark?: boolean }) => {
      await (await load()).verifyContact(await context.open(options), peer, options);
    });
}

function handleCommands(handle: Command, context: Context): void {
  const load = () => import("../bridge/handle-command.ts");
  const WALLET = ["--wallet <name>", "whose name, or who was told it"] as const;
  type Options = SharedOptions & { wallet: string };

  context
    .command(handle, "claim", "take a @handle for an agent on its relay")
    .argument("<handle>")
    .requiredOption(...WALLET)
    .action(async (name: string, options: Options) => {
      await (await load()).claimHandle(await context.open(options), options.wallet, name);
    });
  context
    .command(handle, "release", "give a @handle back")
    .argument("<handle>")
    .requiredOption(...WALLET)
    .action(async (name: string, options: Options) => {
      await (await load()).releaseHandle(await context.open(options), options.wallet, name);
    });
  context
    .command(handle, "accept", "decide whom a @handle means that came to mean another agent")
    .argument("<handle>")
    .argument("<cryptoId>")
    .requiredOption(...WALLET)
    .action(async (name: string, cryptoId: string, options: Options) => {
      const decision = { wallet: options.wallet, handle: name, cryptoId };
      await (await load()).acceptHandle(await context.open(options), decision);
    });
}
