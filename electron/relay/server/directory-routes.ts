import { z } from "zod";
import { cryptoIdOf, messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import { readHandle } from "../../../shared/model/handle.ts";
import type { ClaimOutcome, HandleRow } from "../store/store.ts";
import { type AgentCard, agentCard } from "../wire.ts";
import { HttpError } from "./http-error.ts";
import { cryptoIdFrom, type RouteParts, read, readBody, requireSelf } from "./request.ts";
import { idIn, NO_CONTENT, ok, type RelayRequest, type Route } from "./route.ts";

/** Characters of one card's JSON. */
const MAX_CARD = 16 * 1024;
/** The wire wants a date; names here do not run out. */
const NEVER = "9999-12-31T23:59:59.999Z";

const list = z.object({
  encryptionKey: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  offset: z.coerce.number().int().min(0).default(0),
});

/** Who is who (network.md part 1, section 7). Reading needs no signature; a name is public. */
export function directoryRoutes(parts: RouteParts): readonly Route[] {
  return [...cardRoutes(parts), ...handleRoutes(parts)];
}

function cardRoutes(parts: RouteParts): readonly Route[] {
  const { store, clock } = parts;
  return [
    {
      method: "GET",
      path: "/directory/agents",
      handle: async (request) => {
        const { encryptionKey, ...page } = read(list, request.query);
        if (encryptionKey === undefined) return ok({ agents: await store.cards(page) });
        const key = publicKeyOf(encryptionKey);
        const card = key && (await store.card(cryptoIdOf(key)));
        return ok({ agents: card ? [card] : [] });
      },
    },
    {
      method: "GET",
      path: "/directory/agents/:id",
      handle: async (request) => {
        const card = await store.card(cryptoIdFrom(idIn(request)));
        if (!card) throw new HttpError(404, "no card of this agent");
        return ok(card);
      },
    },
    {
      method: "PUT",
      path: "/directory/agents/:id",
      handle: async (request) => {
        const agent = await request.signer();
        requireSelf(agent, idIn(request));
        const now = new Date(clock.now()).toISOString();
        const card = ownCard(agent, readBody(agentCard, request), now);
        await store.putCard(agent, card);
        return ok(card);
      },
    },
    {
      method: "DELETE",
      path: "/directory/agents/:id",
      handle: async (request) => {
        const agent = await request.signer();
        requireSelf(agent, idIn(request));
        await store.putCard(agent, null);
        return NO_CONTENT;
      },
    },
  ];
}

function handleRoutes(parts: RouteParts): readonly Route[] {
  const { store, clock } = parts;
  return [
    {
      method: "GET",
      path: "/directory/resolve/:handle",
      handle: async (request) => {
        const handle = handleIn(request);
        const row = handle === null ? null : await store.handle(handle);
        if (!row) throw new HttpError(404, "unknown handle");
        const agent = await store.card(row.agent);
        return ok({ identity: identityOf(row), ...(agent && { agent }) });
      },
    },
    {
      method: "GET",
      path: "/directory/reverse/:id",
      handle: async (request) => {
        const cryptoId = cryptoIdFrom(idIn(request));
        const rows = await store.handlesOf(cryptoId);
        const card = await store.card(cryptoId);
        return ok({ cryptoId, identities: rows.map(identityOf), ...(card && { agents: [card] }) });
      },
    },
    {
      // Ours: on the live network names are bought elsewhere.
      method: "PUT",
      path: "/directory/handles/:handle",
      handle: async (request) => {
        const agent = await request.signer();
        const handle = handleIn(request);
        if (handle === null) throw new HttpError(400, "bad handle");
        // Agents cost nothing, so a bound for each of them alone stops nobody from taking all names.
        parts.rates.countHandle(request.address);
        return ok(identityOf(claimed(await store.claimHandle(handle, agent, clock.now()))));
      },
    },
    {
      method: "DELETE",
      path: "/directory/handles/:handle",
      handle: async (request) => {
        const agent = await request.signer();
        const handle = handleIn(request);
        if (handle === null || !(await store.releaseHandle(handle, agent))) {
          throw new HttpError(404, "not a handle of this agent");
        }
        return NO_CONTENT;
      },
    },
  ];
}

function handleIn(request: RelayRequest): string | null {
  return readHandle(request.params.handle ?? "");
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
