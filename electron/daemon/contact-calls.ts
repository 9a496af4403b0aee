import type { contactCalls } from "../../shared/protocol/name-calls.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";

/** The contact calls of a session; `agentOf` throws `session_required` before it has an agent. */
export function contactHandlers(agentOf: () => Agent): CallHandlers<keyof typeof contactCalls> {
  return {
    "contact.add": async ({ to }) => {
      const { directory, contacts } = agentOf();
      const addressee = await directory.resolve(to);
      return { requested: { addressee, status: await contacts.request(addressee) } };
    },
    "contact.accept": async ({ from }) => {
      const { directory, contacts } = agentOf();
      const requester = await directory.resolve(from);
      await contacts.accept(requester);
      return { accepted: { requester, status: "accepted" } };
    },
    "contact.remove": async ({ peer }) => {
      const { directory, contacts } = agentOf();
      const agentId = await directory.resolve(peer);
      return { removed: { agentId, status: await contacts.remove(agentId) } };
    },
    "contact.block": async ({ peer }) => {
      const { directory, contacts } = agentOf();
      const agentId = await directory.resolve(peer);
      return { blocked: { agentId, status: await contacts.block(agentId) } };
    },
    "contact.requests": async () => {
      const { incoming, outgoing } = await agentOf().contacts.lists();
      return { incoming: [...incoming], outgoing: [...outgoing] };
    },
    "contact.list": async () => ({ contacts: [...(await agentOf().contacts.list())] }),
  };
}
