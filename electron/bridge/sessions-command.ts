import { asPerson, type Command } from "./person.ts";

/** `tinyplace sessions`: the live sessions of every agent, or of one, and labels with waiting mail. */
export async function listSessions(
  command: Command,
  options: { readonly wallet?: string },
): Promise<void> {
  await asPerson(command, async (person, output) => {
    const only = options.wallet === undefined ? null : await person.agent(options.wallet);
    const snapshot = await person.snapshot();
    const agents = snapshot.agents
      .filter((one) => only === null || one.cryptoId === only.cryptoId)
      .map(({ name, cryptoId, sessions, absent }) => ({
        ...{ name, address: cryptoId, sessions, absent },
      }));
    output.result({ agents }, () => {
      const rows = agents.flatMap(({ name, sessions, absent }) => [
        ...sessions.map((one) => [
          name,
          { text: one.label, tone: "bold" } as const,
          one.state,
          `${one.unread}`,
          one.project,
          `${one.pid}`,
        ]),
        ...absent.map((one) => [
          name,
          one.label,
          { text: "not live", tone: "dim" } as const,
          `${one.unread}`,
          "",
          "",
        ]),
      ]);
      if (rows.length === 0) output.line("No session is live.");
      else output.table(["AGENT", "SESSION", "STATE", "UNREAD", "PROJECT", "PROCESS"], rows);
    });
  });
}
