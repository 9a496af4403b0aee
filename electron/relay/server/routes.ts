import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { cryptoIdOf, messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Clock } from "../../platform/clock.ts";
import type { RelayStore } from "../store/store.ts";
import { type ContactRow, libsignalUpload, type RelayEnvelope, relayEnvelope } from "../wire.ts";
import { HttpError, type RequestGuard } from "./auth.ts";

const MAX_BATCH = 100;
const MAX_ACKNOWLEDGED = 500;

export interface RouteParts {
  readonly store: RelayStore;
  readonly guard: RequestGuard;
  readonly clock: Clock;
  /** Rings the doorbell of an agent (cryptoId). */
  readonly ring: (agent: string) => void;
}

/** The HTTP routes that messaging needs (network.md part 1, sections 4 to 6) and our extension. */
export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  app.get("/health", async () => ({ ok: true, extensions: ["libsignal", "batch"] }));
  addMessageRoutes(app, parts);
  addKeyRoutes(app, parts);
  addContactRoutes(app, parts);
}

function addMessageRoutes(app: FastifyInstance, { store, guard, clock, ring }: RouteParts): void {
  /** Throws HttpError with the refusal; returns when the relay has the envelope. */
  async function put(sender: string, envelope: RelayEnvelope): Promise<void> {
    if (idOf(envelope.from) !== sender) throw new HttpError(403, "from is not the signer");
    const mailbox = idOf(envelope.to);
    if (mailbox !== sender && (await store.contact(sender, mailbox))?.status !== "accepted") {
      throw new HttpError(403, "not_a_contact");
    }
    const outcome = await store.putEnvelope(mailbox, sender, envelope, clock.now());
    if (outcome === "full") throw new HttpError(429, "mailbox full");
    if (outcome === "stored") ring(mailbox);
  }

  app.put("/messages", async (request, reply) => {
    const sender = signer(guard, request);
    const envelope = parse(relayEnvelope, json(request));
    await put(sender, envelope);
    return reply.code(202).send(envelope);
  });

  app.post("/messages/batch", { bodyLimit: 64 * 1024 * 1024 }, async (request) => {
    const sender = signer(guard, request);
    const shape = z.object({ envelopes: z.array(relayEnvelope).min(1).max(MAX_BATCH) });
    const { envelopes } = parse(shape, json(request));
    const results = await Promise.all(
      envelopes.map((envelope) =>
        put(sender, envelope).then(
          () => ({ id: envelope.id, status: 202 }),
          (error: unknown) => {
            if (!(error instanceof HttpError)) throw error;
            return { id: envelope.id, status: error.status, error: error.message };
          },
        ),
      ),
    );
    return { results };
  });

  app.get("/messages", async (request) => {
    const owner = signer(guard, request);
    const query = parse(
      z.object({ agentId: z.string(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
      request.query,
    );
    requireSelf(owner, query.agentId);
    const messages = await store.envelopes(owner, query.limit);
    return { messages: messages.length > 0 ? messages : null };
  });

  app.delete<{ Params: { id: string } }>("/messages/:id", async (request, reply) => {
    const owner = signer(guard, request);
    requireSelf(owner, parse(z.object({ agentId: z.string() }), request.query).agentId);
    await store.removeEnvelopes(owner, [request.params.id], clock.now());
    return reply.code(204).send();
  });

  app.post("/messages/ack", async (request, reply) => {
    const owner = signer(guard, request);
    const shape = z.object({ ids: z.array(z.string().max(128)).max(MAX_ACKNOWLEDGED) });
    await store.removeEnvelopes(owner, parse(shape, json(request)).ids, clock.now());
    return reply.code(204).send();
  });
}

type WithId = { Params: { id: string } };

function addKeyRoutes(app: FastifyInstance, { store, guard }: RouteParts): void {
  app.get<WithId>("/keys/:id/bundle", async (request) => {
    const agent = idOf(request.params.id);
    const libsignal = await store.takeBundle(agent);
    if (!libsignal) throw new HttpError(404, "no keys published");
    const address = messagingAddressOf(publicKeyOf(agent) as Uint8Array);
    return { agentId: address, identityKey: address, libsignal };
  });

  app.get<WithId>("/keys/:id/health", async (request) => {
    const agent = signer(guard, request);
    requireSelf(agent, request.params.id);
    const libsignal = await store.keyCounts(agent);
    return {
      agentId: request.params.id,
      oneTimePreKeyCount: 0,
      lowOneTimePreKeys: true,
      libsignal,
    };
  });

  app.put<WithId>("/keys/:id/libsignal", async (request, reply) => {
    const agent = signer(guard, request);
    requireSelf(agent, request.params.id);
    await store.publish(agent, parse(libsignalUpload, json(request)));
    return reply.code(204).send();
  });
}

function addContactRoutes(app: FastifyInstance, { store, guard, clock, ring }: RouteParts): void {
  const stamp = () => new Date(clock.now()).toISOString();
  const view = (row: ContactRow, self: string) => ({
    cryptoId: row.requester === self ? row.addressee : row.requester,
    status: row.status,
    ...(row.status === "pending"
      ? { direction: row.requester === self ? ("outgoing" as const) : ("incoming" as const) }
      : {}),
    contact: row,
  });

  app.get("/contacts", async (request) => {
    const self = signer(guard, request);
    const rows = await store.contactsOf(self);
    return {
      contacts: rows.filter((row) => row.status === "accepted").map((row) => view(row, self)),
    };
  });

  app.get("/contacts/requests", async (request) => {
    const self = signer(guard, request);
    const pending = (await store.contactsOf(self)).filter((row) => row.status === "pending");
    return {
      incoming: pending.filter((row) => row.addressee === self).map((row) => view(row, self)),
      outgoing: pending.filter((row) => row.requester === self).map((row) => view(row, self)),
    };
  });

  app.post<WithId>("/contacts/:id", async (request) => {
    const self = signer(guard, request);
    const other = idOf(request.params.id);
    if (other === self) throw new HttpError(400, "an agent is no contact of itself");
    const row = await store.contact(self, other);
    if (row?.status === "blocked") throw new HttpError(403, "blocked");
    if (row && (row.status === "accepted" || row.requester === self)) return row;
    const at = stamp();
    // The other side asked first: both want it, so it is accepted.
    const next: ContactRow = row
      ? { ...row, status: "accepted", updatedAt: at }
      : { requester: self, addressee: other, status: "pending", createdAt: at, updatedAt: at };
    await store.saveContact(next);
    ring(other);
    return next;
  });

  app.post<WithId>("/contacts/:id/accept", async (request) => {
    const self = signer(guard, request);
    const row = await store.contact(self, idOf(request.params.id));
    if (row?.status === "accepted") return row;
    if (row?.status !== "pending" || row.addressee !== self) {
      throw new HttpError(404, "no pending request from this agent");
    }
    const next: ContactRow = { ...row, status: "accepted", updatedAt: stamp() };
    await store.saveContact(next);
    ring(row.requester);
    return next;
  });

  app.delete<WithId>("/contacts/:id", async (request, reply) => {
    const self = signer(guard, request);
    const other = idOf(request.params.id);
    const row = await store.contact(self, other);
    // Whom the other side blocked cannot undo that by removing the edge.
    if (row?.status === "blocked" && row.blockedBy !== self) throw new HttpError(403, "blocked");
    await store.removeContact(self, other);
    return reply.code(204).send();
  });
}

function signer(guard: RequestGuard, request: FastifyRequest): string {
  return guard.authenticate({
    method: request.method,
    uri: request.raw.url ?? "",
    body: Buffer.isBuffer(request.body) ? request.body : null,
    header: (name) => String(request.headers[name] ?? ""),
  });
}

/** The body is kept as bytes until the signature over them was checked. */
function json(request: FastifyRequest): unknown {
  try {
    return JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
  } catch {
    throw new HttpError(400, "the body is not JSON");
  }
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new HttpError(400, `bad ${issue?.path.join(".") || "request"}: ${issue?.message ?? ""}`);
}

function idOf(address: string): string {
  const key = publicKeyOf(address);
  if (!key) throw new HttpError(404, "unknown recipient form");
  return cryptoIdOf(key);
}

function requireSelf(signerId: string, named: string): void {
  if (idOf(named) !== signerId) throw new HttpError(403, "agentId is not the signer");
}
