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
