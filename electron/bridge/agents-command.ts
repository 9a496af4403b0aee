import { asPerson, type Command } from "./person.ts";

/** `tinyplace agents`: the agents of this data folder, also those whose vault does not open. */
export async function listAgents(command: Command): Promise<void> {
  await asPerson(command, async (person, output) => {
    const { agents, unopened } = await person.snapshot();
    const open = agents.map((one) => ({
      ...{ name: one.name, address: one.cryptoId, publicKey: one.publicKey, handle: one.handle },
      ...{ open: true, sessions: one.sessions.length, unread: one.unread, holds: one.holds },
    }));
    const shut = unopened.map(({ name, cryptoId, code, reason, next }) => ({
      ...{ name, address: cryptoId, open: false, code, reason, next },
    }));
    output.result({ agents: [...open, ...shut] }, () => {
      if (open.length + shut.length === 0) {
        output.line("There is no agent here yet: tinyplace agents create NAME.");
        return;
      }
      const rows = open.map((one) => [
        { text: one.name, tone: "bold" } as const,
        one.handle ?? "",
        `${one.sessions}`,
        `${one.unread}`,
        `${one.holds}`,
        one.address,
      ]);
      output.table(["AGENT", "HANDLE", "SESSIONS", "UNREAD", "HELD", "ADDRESS"], rows);
      for (const one of shut) {
        output.line({ text: one.name ?? one.address, tone: "yellow" }, one.reason, one.next);
      }
    });
  });
}

/** `tinyplace agents create`: a new identity with a vault of its own. */
export async function createAgent(command: Command, name: string): Promise<void> {
  await asPerson(command, async (person, output) => {
    const agent = await person.ask("agent.create", { name });
    const { cryptoId: address, publicKey } = agent;
    output.result({ created: { name: agent.name, address, publicKey } }, () => {
      output.line({ text: agent.name, tone: "bold" }, address);
    });
  });
}

/** Moves an agent here from the installation that drains its mailbox now (rule N5). */
export async function moveAgentHere(command: Command, name: string): Promise<void> {
  await asPerson(command, async (person, output) => {
    const agent = await person.agent(name);
    await person.ask("agent.move-here", { agentId: agent.cryptoId });
    output.result({ moved: { name: agent.name, address: agent.cryptoId } }, () =>
      output.line(`${agent.name} lives here now; where it was, it is refused its mail.`),
    );
  });
}

export interface MailSettings {
  readonly policy?: "primary" | "broadcast" | "drop";
  readonly pause?: boolean;
  readonly resume?: boolean;
}

/** What becomes of an agent's mail; without an option, what is set. */
export async function setAgent(
  command: Command,
  name: string,
  options: MailSettings,
): Promise<void> {
  await asPerson(command, async (person, output) => {
    const { cryptoId: agentId } = await person.agent(name);
    const { policy, pause, resume } = options;
    if (policy) await person.ask("agent.policy", { agentId, policy });
    if (pause || resume) await person.ask("agent.pause", { agentId, paused: pause ?? false });
    const { agents } = await person.ask("settings.get", {});
    const set = agents.find((one) => one.agentId === agentId);
    const paused = (await person.snapshot()).agents.find((one) => one.cryptoId === agentId)?.paused;
    const result = { policy: set?.policy, policyForced: set?.policyForced, paused };
    output.result(result, () => {
      const by = set?.policyForced ? " (TINYPLACE_UNROUTED_POLICY)" : "";
      output.line(`Mail for no session in particular: ${set?.policy}${by}.`);
      output.line(paused ? "Paused: mail is received and held." : "Mail is handed out.");
    });
  });
}
