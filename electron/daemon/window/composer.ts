import type { WindowHandlers } from "../../../shared/channels/channels.ts";
import type { composerCalls } from "../../../shared/channels/composer-calls.ts";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Draft, Foresight } from "../../../shared/model/draft.ts";
import type { SentMessage } from "../../../shared/model/sent.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";
import type { Placement } from "../router.ts";
import { allDrafts, findDraft, forgetDraft, keepDraft } from "./drafts.ts";

type Question = Pick<Draft, "agentId" | "fromSession" | "to" | "toSession"> & {
  readonly inReplyTo: string | null;
};
const STANDINGS = ["accepted", "pending", "none", "blocked"] as const;

/** What the composer asks; the windows themselves are the shell's. */
export function composerHandlers(
  host: Host,
): WindowHandlers<Exclude<keyof typeof composerCalls, "composer.open">> {
  return {
    "draft.get": ({ id }) => ({ draft: findDraft(host, id) }),
    "draft.save": async (draft) => {
      await keepDraft(host, draft);
      return {};
    },
    "draft.remove": async ({ id }) => {
      await forgetDraft(host, id);
      return {};
    },
    "drafts.list": () => ({ drafts: allDrafts(host) }),
    "composer.contacts": async ({ agentId }) => {
      const { accepted } = await host.agents.get(agentId).contacts.book();
      return { contacts: accepted.map((contact) => ({ agentId: contact })) };
    },
    "composer.foresee": (question) => foresee(host, question),
    "composer.send": async (draft) => ({ sent: await send(host, draft) }),
    "message.status": ({ agentId, id }) => ({ sent: host.agents.get(agentId).sent(id) }),
    "message.cancel": async ({ agentId, id }) => ({
      sent: await host.agents.get(agentId).cancel(id),
    }),
  };
}

/** Sends as the person: with no session, or in the name of one so that it gets the answers. */
async function send(host: Host, draft: Draft): Promise<SentMessage> {
  const agent = host.agents.get(draft.agentId);
  if (draft.text.trim() === "") {
    throw new TinyplaceError("bad_request", "The message is empty.", "Write something first.");
  }
  const { id, to, toSession, role, fromSession, answers } = draft;
  const harnessSessionId =
    fromSession === null ? null : (agent.sessions.get(fromSession)?.harnessSessionId ?? null);
  const inReplyTo = answers?.id ?? null;
  const sent = await agent.send(
    { id, to, body: draft.text, toSession, inReplyTo, role, auto: false },
    { label: fromSession, harnessSessionId },
  );
  if (answers?.settle && answers.hold !== null) await agent.mailroom.discard(answers.hold);
  await forgetDraft(host, id);
  return sent;
}

async function foresee(host: Host, question: Question): Promise<Foresight> {
  const agent = host.agents.get(question.agentId);
  const to = await agent.directory.resolve(question.to);
  const local = to === agent.identity.cryptoId;
  const own = host.agents.list().find((one) => one.identity.cryptoId === to);
  return {
    to,
    toName: own?.identity.name ?? null,
    via: local ? "local" : "relay",
    relay: agent.relayIs,
    contact: local ? "accepted" : await standing(agent, to),
    place: own ? placeAt(own, agent, question) : { kind: "unknown" },
  };
}

async function standing(agent: Agent, peer: string): Promise<Foresight["contact"]> {
  try {
    const status = await agent.relay.contactStatus(peer);
    if (status === "none" && agent.contacts.isRemoved(peer)) return "removed";
    return STANDINGS.find((one) => one === status) ?? "unknown";
  } catch {
    // The relay's own state says why; mail waits for it in any case.
    return "unknown";
  }
}

/** What the receiving agent, one of the person's own, would do with it now. */
function placeAt(receiver: Agent, sender: Agent, question: Question): Foresight["place"] {
  const placement: Placement = receiver.mailroom.foresee({
    direction: receiver === sender ? "local" : "in",
    peer: sender.identity.cryptoId,
    fromSession: question.fromSession,
    toSession: question.toSession,
    inReplyTo: question.inReplyTo,
  });
  switch (placement.kind) {
    case "drop":
      return { kind: "dropped" };
    case "hold":
      return { kind: "held", reason: placement.reason, toSession: placement.toSession };
    default: {
      const states = new Map(receiver.summary().sessions.map((one) => [one.label, one.state]));
      const sessions = placement.labels.map((label) => ({
        label,
        state: states.get(label) ?? ("idle" as const),
      }));
      return { kind: "inbox", sessions };
    }
  }
}
