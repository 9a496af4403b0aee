import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { type Draft, type DraftView, draft as draftSchema } from "../../../shared/model/draft.ts";
import { freshMessageId } from "../../platform/fresh-message-id.ts";
import { type DraftRow, draftOf, drafts, removeDraft, saveDraft } from "../../vault/draft-table.ts";
import { holds } from "../../vault/hold-table.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";

const QUOTE_LENGTH = 1000;

/** A new draft, saved: as the answer to a held message, or empty, from `agentId` or the first agent. */
export async function beginDraft(
  host: Host,
  from: {
    agentId?: string | undefined;
    to?: string | undefined;
    answer?: { agentId: string; seq: number } | undefined;
  },
): Promise<Draft> {
  const agentId = from.answer?.agentId ?? from.agentId ?? host.agents.list()[0]?.identity.cryptoId;
  if (agentId === undefined) {
    throw new TinyplaceError(
      "no_wallet",
      "There is no agent yet in whose name a message could be sent.",
      "Create an agent first.",
    );
  }
  const agent = host.agents.get(agentId);
  const id = freshMessageId(host.clock);
  const empty: Draft = {
    ...{ id, agentId, fromSession: null, to: from.to ?? "", toSession: null },
    ...{ role: "user", text: "", answers: null },
  };
  const draft = from.answer ? { ...empty, ...answerTo(agent, from.answer.seq) } : empty;
  await keepDraft(host, draft);
  return draft;
}

/** Saves it in its agent's vault, and nowhere else: the person may have chosen another agent. */
export async function keepDraft(host: Host, draft: Draft): Promise<void> {
  const keeper = host.agents.get(draft.agentId);
  const row = { id: draft.id, json: JSON.stringify(draft), changed_at: host.clock.now() };
  await keeper.vault.write(() => saveDraft(keeper.vault, row));
  await forget(host, draft.id, keeper);
  keeper.emit("changed");
}

export function forgetDraft(host: Host, id: string): Promise<void> {
  return forget(host, id, null);
}

/** A window closed: a draft without a text is not worth keeping. */
export async function tidyDraft(host: Host, id: string): Promise<void> {
  if (findDraft(host, id)?.draft.text.trim() === "") await forgetDraft(host, id);
}

export function findDraft(host: Host, id: string): DraftView | null {
  for (const agent of host.agents.list()) {
    const row = draftOf(agent.vault, id);
    const view = row && readDraft(row);
    if (view) return view;
  }
  return null;
}

export function allDrafts(host: Host): DraftView[] {
  return host.agents
    .list()
    .flatMap((agent) => drafts(agent.vault).map(readDraft))
    .filter((view): view is DraftView => view !== null && view.draft.text.trim() !== "")
    .sort((a, b) => (a.changedAt < b.changedAt ? 1 : -1));
}

async function forget(host: Host, id: string, except: Agent | null): Promise<void> {
  for (const agent of host.agents.list()) {
    if (agent === except || !draftOf(agent.vault, id)) continue;
    await agent.vault.write(() => removeDraft(agent.vault, id));
    agent.emit("changed");
  }
}

/** Null for what another version wrote in another shape: it is left where it is. */
function readDraft(row: DraftRow): DraftView | null {
  const read = draftSchema.safeParse(JSON.parse(row.json));
  if (!read.success) return null;
  return { draft: read.data, changedAt: new Date(row.changed_at).toISOString() };
}

function answerTo(agent: Agent, seq: number): Partial<Draft> {
  const hold = holds(agent.vault).find((one) => one.seq === seq);
  if (!hold) {
    throw new TinyplaceError(
      "bad_request",
      "This message is not held any more.",
      "Look into the sessions' inboxes: it was delivered in the meantime.",
    );
  }
  const quote = hold.text.slice(0, QUOTE_LENGTH);
  return {
    to: hold.peer,
    // Whoever asked a session waits for that session's answer (rule A2).
    fromSession: hold.hold_to,
    toSession: hold.from_session,
    answers: { id: hold.id, quote, hold: seq, settle: true },
  };
}
