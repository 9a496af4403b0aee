import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { AskResponse } from "../../shared/protocol/person-calls.ts";
import { asPerson, type Command, type OwnAgent, type Person } from "./person.ts";
import type { Output } from "./terminal/output.ts";
import type { Tone } from "./terminal/table.ts";
import { clockTime } from "./terminal/words.ts";

export interface ContactOptions {
  readonly wallet?: string;
}

type Contact = AskResponse<"contacts.list">["contacts"][number];
const TONES: Record<Contact["standing"], Tone> = {
  accepted: "green",
  incoming: "yellow",
  outgoing: "dim",
  blocked: "dim",
};

/** `tinyplace contacts`: contacts, and requests either way. */
export async function listContacts(command: Command, options: ContactOptions): Promise<void> {
  await asPerson(command, async (person, output) => {
    const agent = await person.agent(options.wallet);
    const { contacts, problem } = await person.ask("contacts.list", { agentId: agent.cryptoId });
    // A program that reads this must not take what was known once for what is.
    if (problem) throw new TinyplaceError(problem.code, problem.error, problem.next);
    const result = { agent: { name: agent.name, address: agent.cryptoId }, contacts };
    output.result(result, () => {
      if (contacts.length === 0) return output.line(`${agent.name} has no contacts yet.`);
      const rows = contacts.map((one) => [
        { text: one.standing, tone: TONES[one.standing] },
        one.name ?? one.handle ?? "",
        one.verifiedAt ? `verified ${clockTime(one.verifiedAt)}` : "",
        one.peer,
      ]);
      output.table(["CONTACT", "NAME", "SAFETY NUMBER", "ADDRESS"], rows);
    });
  });
}

/** Asks for contact; where the other side asked first, this accepts. */
export const addContact = withPeer(async ({ person, output, agent, peer }) => {
  const { status } = await person.ask("contact.add", { agentId: agent.cryptoId, to: peer });
  output.result({ requested: { addressee: peer, status } }, () =>
    output.line(status === "accepted" ? `${peer} is a contact.` : `${peer} was asked: ${status}.`),
  );
});

export const acceptContact = withPeer(async ({ person, output, agent, peer }) => {
  await person.ask("contact.accept", { agentId: agent.cryptoId, requester: peer });
  output.result({ accepted: { requester: peer, status: "accepted" } }, () =>
    output.line(`${peer} is a contact.`),
  );
});

/** Declines their request. A contact, or what was asked of them, is `remove`'s to end. */
export const declineContact = withPeer(async ({ person, output, agent, peer }) => {
  const { contacts } = await person.ask("contacts.list", { agentId: agent.cryptoId });
  if (!contacts.some((one) => one.peer === peer && one.standing === "incoming")) {
    throw new TinyplaceError(
      "contact_unknown",
      `${peer} has not asked for contact.`,
      "`tinyplace contacts` lists who has; `tinyplace contacts remove` ends a contact.",
    );
  }
  await person.ask("contact.remove", { agentId: agent.cryptoId, peer });
  output.result({ declined: { agentId: peer } }, () =>
    output.line(`The request of ${peer} is declined.`),
  );
});

/** Ends the contact, takes a request back, or ends one's own block. */
export const removeContact = withPeer(async ({ person, output, agent, peer }) => {
  await person.ask("contact.remove", { agentId: agent.cryptoId, peer });
  output.result({ removed: { agentId: peer } }, () => output.line(`${peer} is no contact.`));
});

export const blockContact = withPeer(async ({ person, output, agent, peer }) => {
  await person.ask("contact.block", { agentId: agent.cryptoId, peer });
  output.result({ blocked: { agentId: peer } }, () =>
    output.line(`Neither mail nor requests of ${peer} are taken any more.`),
  );
});

/** Shows the safety number (rule C2); `mark` keeps that a person compared it, or that nobody did. */
export function verifyContact(
  command: Command,
  name: string,
  options: ContactOptions & { readonly mark?: boolean; readonly unmark?: boolean },
): Promise<void> {
  return withPeer(async ({ person, output, agent, peer }) => {
    const asked = { agentId: agent.cryptoId, peer };
    if (options.mark || options.unmark) {
      await person.ask("contact.verify", { ...asked, verified: options.mark ?? false });
    }
    const { groups } = await person.ask("contact.safety", asked);
    const { contacts } = await person.ask("contacts.list", { agentId: agent.cryptoId });
    const verifiedAt = contacts.find((one) => one.peer === peer)?.verifiedAt ?? null;
    output.result({ peer, safetyNumber: groups, verifiedAt }, () => {
      output.line(`${agent.name} and ${peer}:`);
      for (let row = 0; row < groups.length; row += 4) {
        output.line({ text: `  ${groups.slice(row, row + 4).join(" ")}`, tone: "bold" });
      }
      output.line(
        verifiedAt
          ? `Compared ${clockTime(verifiedAt)}.`
          : "Compare it with the other person, on another way; then: --mark.",
      );
    });
  })(command, name, options);
}

function withPeer(
  run: (about: { person: Person; output: Output; agent: OwnAgent; peer: string }) => Promise<void>,
) {
  return (command: Command, name: string, options: ContactOptions): Promise<void> =>
    asPerson(command, async (person, output) => {
      const agent = await person.agent(options.wallet);
      await run({ person, output, agent, peer: await person.peer(agent, name) });
    });
}
