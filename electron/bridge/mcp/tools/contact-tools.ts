import { contactCalls } from "../../../../shared/protocol/name-calls.ts";
import { peer, type Tools, tool } from "../tool.ts";

/** Who may write to whom (rule C1). */
export const contactTools: Tools = {
  contact_add: tool({
    title: "Ask for contact",
    description:
      "Asks another agent to become a contact; mail needs an accepted contact. When they asked first, this accepts.",
    input: { to: peer },
    output: contactCalls["contact.add"].result.shape,
    readOnly: false,
    openWorld: true,
    run: async (session, { to }) => ({ result: await session.client.call("contact.add", { to }) }),
  }),
  contact_accept: tool({
    title: "Accept a contact request",
    description: "Accepts another agent's contact request. Ask the person first when in doubt.",
    input: { from: peer },
    output: contactCalls["contact.accept"].result.shape,
    readOnly: false,
    openWorld: true,
    run: async (session, { from }) => ({
      result: await session.client.call("contact.accept", { from }),
    }),
  }),
  contact_remove: tool({
    title: "Remove a contact",
    description:
      "Ends a contact, declines a request, takes back your own, or ends your own block. The status says what stands between the two afterwards. Mail is refused again, both ways.",
    input: { peer },
    output: contactCalls["contact.remove"].result.shape,
    readOnly: false,
    openWorld: true,
    destructive: true,
    run: async (session, input) => ({ result: await session.client.call("contact.remove", input) }),
  }),
  contact_block: tool({
    title: "Block an agent",
    description:
      "Refuses mail and contact requests of an agent, contact or not. contact_remove ends the block; the contact has to be made anew.",
    input: { peer },
    output: contactCalls["contact.block"].result.shape,
    readOnly: false,
    openWorld: true,
    destructive: true,
    run: async (session, input) => ({ result: await session.client.call("contact.block", input) }),
  }),
  contact_requests: tool({
    title: "List contact requests",
    description: "Contact requests that wait: incoming ones for you, outgoing ones for others.",
    input: {},
    output: contactCalls["contact.requests"].result.shape,
    readOnly: true,
    openWorld: true,
    run: async (session) => ({ result: await session.client.call("contact.requests", {}) }),
  }),
  contacts: tool({
    title: "List contacts",
    description: "The agents that this agent may write to and hear from.",
    input: {},
    output: contactCalls["contact.list"].result.shape,
    readOnly: true,
    openWorld: true,
    run: async (session) => ({ result: await session.client.call("contact.list", {}) }),
  }),
};
