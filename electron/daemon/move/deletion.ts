import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { AgentLosses } from "../../../shared/protocol/move-calls.ts";
import type { CallParams, CallResult } from "../../../shared/protocol/protocol.ts";
import { ownHandles } from "../../vault/handle-table.ts";
import { waitingCount } from "../../vault/job-table.ts";
import { unreadCounts } from "../../vault/mail-table.ts";
import type { Host } from "../host.ts";

/** What goes with the agent. Throws `wallet_unknown`. */
export function losses(host: Host, wallet: string): AgentLosses {
  const cryptoId = host.agents.cryptoIdOf(wallet);
  const name = host.agents.nameOf(cryptoId) ?? host.agents.vaults.nameOf(cryptoId) ?? cryptoId;
  if (!host.agents.isOpen(cryptoId)) {
    const unknown = { messages: null, unread: null, queued: null };
    return { name, cryptoId, ...unknown, sessions: [], handles: [] };
  }
  const { vault, sessions } = host.agents.get(cryptoId);
  const unread = [...unreadCounts(vault).values()].reduce((sum, count) => sum + count, 0);
  const messages = vault.sql("SELECT count(*) AS n FROM message").get<{ n: number }>()?.n ?? 0;
  return {
    name,
    cryptoId,
    messages,
    unread,
    queued: waitingCount(vault),
    sessions: sessions.labels().map((one) => one.label),
    handles: [...ownHandles(vault)],
  };
}

/**
 * Removes an agent, open or not, with its vault, keys and assignments. Its card is taken off the relay
 * while this installation holds the mailbox; elsewhere the agent lives on.
 *
 * Throws `bad_request` when `confirm` is not its name, `not_allowed` while sessions of it are live.
 */
export async function deleteAgent(
  host: Host,
  { wallet, confirm, endSessions }: CallParams<"agent.delete">,
): Promise<CallResult<"agent.delete">> {
  const { name, cryptoId, sessions } = losses(host, wallet);
  if (confirm !== name) throw notConfirmed(name);
  if (sessions.length > 0 && !endSessions) throw sessionsLive(name, sessions);
  const cardRemoved = host.agents.isOpen(cryptoId) && (await removeCard(host, cryptoId));
  await host.agents.remove(cryptoId);
  return { cardRemoved };
}

async function removeCard(host: Host, cryptoId: string): Promise<boolean> {
  const agent = host.agents.get(cryptoId);
  const lease = await agent.whereItLives();
  if (lease?.state !== "held") return false;
  return agent.relay.removeCard().then(
    () => true,
    () => false,
  );
}

function notConfirmed(name: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `To delete ${name}, its name has to be given as it is written.`,
    `Give exactly: ${name}. Nothing was changed.`,
  );
}

function sessionsLive(name: string, labels: readonly string[]): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    `${name} has live sessions: ${labels.join(", ")}.`,
    "End them first, or delete with --end-sessions. Nothing was changed.",
  );
}
