import { encode } from "uqr";
import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { ContactView, contactCalls } from "../../../shared/channels/contact-calls.ts";
import { safetyNumber } from "../../ratchet/safety-number.ts";
import { safetyWords } from "../../ratchet/safety-words.ts";
import { blockedPeers, type ContactBook } from "../../vault/contact-table.ts";
import { pinnedHandles } from "../../vault/handle-table.ts";
import { markVerified, verifiedPeers } from "../../vault/verified-table.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";

/** Contacts of one agent, and what the person decided about them. */
export function contactHandlers(host: Host): WindowHandlers<keyof typeof contactCalls> {
  return {
    "contacts.list": async ({ agentId }) => {
      const agent = host.agents.get(agentId);
      const rules = agent.decisions.list().policies.map((rule) => ({ ...rule }));
      const { problem, ...book } = await agent.contacts.book();
      return { contacts: contactsOf(host, agent, book), rules, problem };
    },
    "contact.add": async ({ agentId, to }) => {
      const { directory, contacts } = host.agents.get(agentId);
      const peer = await directory.resolve(to.trim());
      return { peer, status: await contacts.request(peer) };
    },
    "contact.accept": async ({ agentId, requester }) => {
      await host.agents.get(agentId).contacts.accept(requester);
      return {};
    },
    "contact.remove": async ({ agentId, peer }) => {
      await host.agents.get(agentId).contacts.remove(peer);
      return {};
    },
    "contact.block": async ({ agentId, peer }) => {
      await host.agents.get(agentId).contacts.block(peer);
      return {};
    },
    "contact.safety": ({ agentId, peer }) => {
      const { groups, scannable } = safetyNumber(host.agents.get(agentId).identity.cryptoId, peer);
      const code = encode([...scannable], { border: 0 }).data;
      return {
        groups: [...groups],
        words: safetyWords(groups),
        code: code.map((row) => row.map((dark) => (dark ? "1" : "0")).join("")),
      };
    },
    "contact.verify": async ({ agentId, peer, verified }) => {
      const { vault } = host.agents.get(agentId);
      const at = verified ? host.clock.now() : null;
      await vault.write(() => markVerified(vault, peer, at));
      return {};
    },
    "rule.set": async ({ agentId, rule }) => {
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.setRule(rule));
      return {};
    },
    "rule.remove": async ({ agentId, peer, label }) => {
      const agent = host.agents.get(agentId);
      await agent.decided(agent.decisions.removeRule(peer, label));
      return {};
    },
    "handle.decide": async ({ agentId, handle, to }) => {
      await host.agents.get(agentId).directory.decide(handle, to);
      return {};
    },
  };
}

function contactsOf(host: Host, agent: Agent, book: ContactBook): ContactView[] {
  const verified = verifiedPeers(agent.vault);
  const handles = new Map(pinnedHandles(agent.vault).map((pin) => [pin.cryptoId, pin.handle]));
  const view = (standing: ContactView["standing"]) => (peer: string) => {
    const at = verified.get(peer);
    return {
      peer,
      name: host.agents.nameOf(peer),
      handle: handles.get(peer) ?? null,
      standing,
      verifiedAt: at === undefined ? null : new Date(at).toISOString(),
    };
  };
  return [
    ...book.incoming.map(view("incoming")),
    ...book.outgoing.map(view("outgoing")),
    ...book.accepted.map(view("accepted")),
    ...blockedPeers(agent.vault).map(({ peer }) => view("blocked")(peer)),
  ];
}
