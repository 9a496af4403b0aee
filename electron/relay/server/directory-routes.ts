import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { cryptoIdOf, messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import { readHandle } from "../../../shared/model/handle.ts";
import type { ClaimOutcome, HandleRow } from "../store/store.ts";
import { type AgentCard, agentCard } from "../wire.ts";
import { HttpError } from "./http-error.ts";
import {
  cryptoIdFrom,
  noContent,
  type RouteParts,
  read,
  readBody,
  requireSelf,
  signerOf,
  type WithId,
} from "./request.ts";

/** Characters of one card's JSON. */
const MAX_CARD = 16 * 1024;
/** The wire wants a date; names here do not run out. */
const NEVER = "9999-12-31T23:59:59.999Z";

const list = z.object({
  encryptionKey: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

interface WithHandle {
  Params: { handle: string };
}

/** Who is who (network.md part 1, section 7). Reading needs no signature; a name is public. */
export function addDirectoryRoutes(app: FastifyInstance, parts: RouteParts): void {
  addCardRoutes(app, parts);
  addHandleRoutes(app, parts);
}

function addCardRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { store, clock } = parts;

  app.get("/directory/agents", async (request) => {
    const { encryptionKey, ...page } = read(list, request.query);
    if (encryptionKey === undefined) return { agents: await store.cards(page) };
    const key = publicKeyOf(encryptionKey);
    const card = key && (await store.card(cryptoIdOf(key)));
    return { agents: card ? [card] : [] };
  });

  app.get<WithId>("/directory/agents/:id", async (request) => {
    const card = await store.card(cryptoIdFrom(request.params.id));
    if (!card) throw new HttpError(404, "no card of this agent");
    return card;
  });

  app.put<WithId>("/directory/agents/:id", async (request) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    const now = new Date(clock.now()).toISOString();
    const card = ownCard(agent, readBody(agentCard, request), now);
    await store.putCard(agent, card);
    return card;
  });

  app.delete<WithId>("/directory/agents/:id", async (request, reply) => {
    const agent = await signerOf(parts, request);
    requireSelf(agent, request.params.id);
    await store.putCard(agent, null);
    return noContent(reply);
  });
}

function addHandleRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { store, clock } = parts;

  app.get<WithHandle>("/directory/resolve/:handle", async (request) => {
    const handle = readHandle(request.params.handle);
    const row = handle === null ? null : await store.handle(handle);
    if (!row) throw new HttpError(404, "unknown handle");
    const agent = await store.card(row.agent);
    return { identity: identityOf(row), ...(agent && { agent }) };
  });

  app.get<WithId>("/directory/reverse/:id", async (request) => {
    const cryptoId = cryptoIdFrom(request.params.id);
    const rows = await store.handlesOf(cryptoId);
    const card = await store.card(cryptoId);
    return { cryptoId, identities: rows.map(identityOf), ...(card && { agents: [card] }) };
  });

  // Ours: on the live network names are bought elsewhere.
  app.put<WithHandle>("/directory/handles/:handle", async (request) => {
    const agent = await signerOf(parts, request);
    const handle = readHandle(request.params.handle);
    if (handle === null) throw new HttpError(400, "bad handle");
    // Agents cost nothing, so a bound for each of them alone stops nobody from taking all names.
    parts.rates.countHandle(request.ip);
    return identityOf(claimed(await store.claimHandle(handle, agent, clock.now())));
  });

  app.delete<WithHandle>("/directory/handles/:handle", async (request, reply) => {
    const agent = await signerOf(parts, request);
    const handle = readHandle(request.params.handle);
    if (handle === null || !(await store.releaseHandle(handle, agent))) {
      throw new HttpError(404, "not a handle of this agent");
    }
    return noContent(reply);
  });
}

function claimed(outcome: ClaimOutcome): HandleRow {
  if (outcome === "taken") throw new HttpError(409, "handle_taken", { reason: "handle_taken" });
  if (outcome === "limit") throw new HttpError(403, "handle_limit", { reason: "handle_limit" });
  return outcome;
}

/** A key of somebody else in a card would put one agent's name on another's mail. */
function ownCard(agent: string, sent: AgentCard, now: string): AgentCard {
  const address = messagingAddressOf(publicKeyOf(agent) as Uint8Array);
  const keys = [sent.publicKey, sent.metadata?.encryptionPublicKey];
  if (keys.some((key) => key !== undefined && key !== address)) {
    throw new HttpError(400, "the card names a key that is not the agent's");
  }
  const createdAt = sent.createdAt ?? now;
  const card = { ...sent, agentId: agent, cryptoId: agent, publicKey: address };
  if (JSON.stringify(card).length > MAX_CARD) throw new HttpError(413, "the card is too large");
  return { ...card, createdAt, updatedAt: sent.updatedAt ?? now };
}

function identityOf({ handle, agent, claimedAt }: HandleRow) {
  const registeredAt = new Date(claimedAt).toISOString();
  return {
    username: handle,
    cryptoId: agent,
    publicKey: messagingAddressOf(publicKeyOf(agent) as Uint8Array),
    registeredAt,
    expiresAt: NEVER,
    status: "active",
    updatedAt: registeredAt,
  };
}
