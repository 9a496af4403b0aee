import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { messagingAddressOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { Delivery, StoredOutcome } from "../store/store.ts";
import { type MailboxLease, mailboxLease, type RelayEnvelope, uploadedEnvelope } from "../wire.ts";
import { mailPage, ringOf } from "./carried-mail.ts";
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

const MAX_BATCH = 100;
const MAX_ACKNOWLEDGED = 500;
const MAX_PAGE = 500;
/** Characters of envelopes in one answer; what is left over comes with the next. */
const PAGE_SIZE = 8 * 1024 * 1024;

const anything = z.unknown();
const drainQuery = z.object({ agentId: z.string(), installation: z.string().max(128).optional() });
const listQuery = drainQuery.extend({ limit: z.coerce.number().int().min(1).default(50) });
const batch = z.object({ envelopes: z.array(anything).min(1).max(MAX_BATCH) });
const acknowledgement = z.object({
  agentId: z.string().optional(),
  installation: z.string().max(128).optional(),
  ids: z.array(z.string().max(128)).max(MAX_ACKNOWLEDGED),
});
const leaseRequest = mailboxLease
  .pick({ installation: true, host: true })
  .extend({ take: z.boolean().default(false) });

interface PutResult {
  readonly id: string;
  readonly status: number;
  readonly error?: string;
}

/** Mailboxes (network.md part 1, section 4), and batches of the same calls. */
export function addMessageRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { store, clock } = parts;

  app.put("/messages", async (request, reply) => {
    const sender = await signerOf(parts, request);
    const delivery = await admit(parts, sender, readBody(anything, request));
    const [outcome] = await deliver(parts, [delivery]);
    if (outcome === "full") throw full();
    return reply.code(202).send(delivery.envelope);
  });

  app.post("/messages/batch", { bodyLimit: parts.batchBytes }, async (request) => {
    const sender = await signerOf(parts, request);
    const { envelopes } = readBody(batch, request);
    return { results: await putBatch(parts, sender, envelopes) };
  });

  app.get("/messages", async (request, reply) => {
    const owner = await signerOf(parts, request);
    const query = read(listQuery, request.query);
    requireSelf(owner, query.agentId);
    await requireLease(parts, owner, query.installation);
    const limit = Math.min(query.limit, MAX_PAGE);
    const found = await store.envelopes(owner, { limit: limit + 1, maxSize: PAGE_SIZE });
    const texts = found.slice(0, limit);
    const size = texts.reduce((sum, text) => sum + text.length, 0);
    // Ours. A page that may have been cut for its size has more, as far as anybody knows.
    const more = found.length > limit || size > PAGE_SIZE / 2;
    return reply.type("application/json; charset=utf-8").send(mailPage(texts, more));
  });

  app.delete<WithId>("/messages/:id", async (request, reply) => {
    const owner = await signerOf(parts, request);
    const { agentId, installation } = read(drainQuery, request.query);
    requireSelf(owner, agentId);
    await requireLease(parts, owner, installation);
    await store.removeEnvelopes(owner, [request.params.id], clock.now());
    return noContent(reply);
  });

  // Ours: from then on only this installation drains the mailbox, until another takes it over.
  app.put("/messages/lease", async (request) => {
    const owner = await signerOf(parts, request);
    const { installation, host, take } = readBody(leaseRequest, request);
    const asked = { installation, host, since: new Date(clock.now()).toISOString() };
    const lease = await store.takeLease(owner, asked, take);
    if (lease.installation !== installation) throw leasedElsewhere(lease);
    return lease;
  });

  app.post("/messages/ack", async (request, reply) => {
    const owner = await signerOf(parts, request);
    const { agentId, installation, ids } = readBody(acknowledgement, request);
    if (agentId !== undefined) requireSelf(owner, agentId);
    await requireLease(parts, owner, installation);
    await store.removeEnvelopes(owner, ids, clock.now());
    return noContent(reply);
  });
}

/** Each as PUT would answer it, those that pass in one transaction. */
async function putBatch(
  parts: RouteParts,
  sender: string,
  envelopes: readonly unknown[],
): Promise<PutResult[]> {
  const admitted = await Promise.all(
    envelopes.map((one) => admit(parts, sender, one).catch((error: unknown) => refusal(error))),
  );
  for (const one of admitted) if (one instanceof HttpError) parts.observer.refused(one.reason);
  const outcomes = await deliver(
    parts,
    admitted.filter((one): one is Delivery => !(one instanceof HttpError)),
  );
  let next = 0;
  return admitted.map((one, index): PutResult => {
    const id = one instanceof HttpError ? namedId(envelopes[index]) : one.envelope.id;
    const refused = one instanceof HttpError ? one : outcomes[next++] === "full" ? full() : null;
    return refused ? { id, status: refused.status, error: refused.message } : { id, status: 202 };
  });
}

/** The envelope on its way into its mailbox, or HttpError with the refusal. */
async function admit({ store }: RouteParts, sender: string, value: unknown): Promise<Delivery> {
  const uploaded = read(uploadedEnvelope, value);
  if (cryptoIdFrom(uploaded.from) !== sender) throw new HttpError(403, "from is not the signer");
  const mailbox = cryptoIdFrom(uploaded.to);
  if (mailbox !== sender && (await store.contact(sender, mailbox))?.status !== "accepted") {
    throw new HttpError(403, "not_a_contact", { reason: "not_a_contact" });
  }
  // Both clients key their sessions by the base64 form, whatever form the sender wrote.
  const envelope: RelayEnvelope = {
    ...uploaded,
    from: messagingForm(sender),
    to: messagingForm(mailbox),
  };
  return { mailbox, sender, envelope };
}

/** Stores, and rings once per mailbox that got something new. */
async function deliver(
  { store, clock, ring, observer }: RouteParts,
  deliveries: readonly Delivery[],
): Promise<readonly StoredOutcome[]> {
  if (deliveries.length === 0) return [];
  const outcomes = await store.putEnvelopes(deliveries, clock.now());
  for (const outcome of outcomes) observer.stored(outcome);
  const rung = deliveries.filter((_, index) => outcomes[index] === "stored");
  // Before the answer: somebody waits for the mail, and nobody for what became of it.
  for (const mailbox of new Set(rung.map((one) => one.mailbox))) {
    await ring(mailbox, ringOf(rung.filter((one) => one.mailbox === mailbox)));
  }
  return outcomes;
}

async function requireLease(
  { store }: RouteParts,
  owner: string,
  installation: string | undefined,
): Promise<void> {
  const lease = await store.lease(owner);
  if (lease && lease.installation !== installation) throw leasedElsewhere(lease);
}

/** Host and time are for the person, who may move the mailbox (rule N5). */
function leasedElsewhere({ host, since }: MailboxLease): HttpError {
  return new HttpError(409, "mailbox_leased", { code: "mailbox_leased", details: { host, since } });
}

function refusal(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  throw error;
}

function full(): HttpError {
  return new HttpError(429, "mailbox full", { code: "mailbox_full", retryAfter: 60 });
}

function namedId(value: unknown): string {
  const named = z.object({ id: z.string().max(128) }).safeParse(value);
  return named.success ? named.data.id : "";
}

function messagingForm(cryptoId: string): string {
  return messagingAddressOf(publicKeyOf(cryptoId) as Uint8Array);
}
