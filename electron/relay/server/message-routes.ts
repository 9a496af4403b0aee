import { z } from "zod";
import type { Delivery, StoredOutcome } from "../store/store.ts";
import { type MailboxLease, mailboxLease } from "../wire.ts";
import { Admission } from "./admission.ts";
import { mailPage, ringOf } from "./carried-mail.ts";
import { HttpError } from "./http-error.ts";
import { type RouteParts, read, readBody, requireSelf } from "./request.ts";
import {
  idIn,
  JsonText,
  NO_CONTENT,
  ok,
  type RelayReply,
  type RelayRequest,
  type Route,
} from "./route.ts";

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
export function messageRoutes(parts: RouteParts): readonly Route[] {
  const { store, clock } = parts;
  return [
    {
      method: "PUT",
      path: "/messages",
      handle: async (request) => {
        const sender = await request.signer();
        const delivery = await new Admission(store, sender).admit(readBody(anything, request));
        const [outcome] = await deliver(parts, [delivery]);
        if (outcome === "full") throw full();
        return { status: 202, body: delivery.envelope };
      },
    },
    {
      method: "POST",
      path: "/messages/batch",
      isBatch: true,
      handle: async (request) => {
        const sender = await request.signer();
        const { envelopes } = readBody(batch, request);
        return ok({ results: await putBatch(parts, sender, envelopes) });
      },
    },
    { method: "GET", path: "/messages", handle: (request) => list(parts, request) },
    {
      method: "DELETE",
      path: "/messages/:id",
      handle: async (request) => {
        const owner = await request.signer();
        const { agentId, installation } = read(drainQuery, request.query);
        requireSelf(owner, agentId);
        await requireLease(parts, owner, installation);
        await store.removeEnvelopes(owner, [idIn(request)], clock.now());
        return NO_CONTENT;
      },
    },
    {
      // Ours: from then on only this installation drains the mailbox, until another takes it over.
      method: "PUT",
      path: "/messages/lease",
      handle: async (request) => {
        const owner = await request.signer();
        const { installation, host, take } = readBody(leaseRequest, request);
        const asked = { installation, host, since: new Date(clock.now()).toISOString() };
        const lease = await store.takeLease(owner, asked, take);
        if (lease.installation !== installation) throw leasedElsewhere(lease);
        return ok(lease);
      },
    },
    {
      method: "POST",
      path: "/messages/ack",
      handle: async (request) => {
        const owner = await request.signer();
        const { agentId, installation, ids } = readBody(acknowledgement, request);
        if (agentId !== undefined) requireSelf(owner, agentId);
        await requireLease(parts, owner, installation);
        await store.removeEnvelopes(owner, ids, clock.now());
        return NO_CONTENT;
      },
    },
  ];
}

async function list(parts: RouteParts, request: RelayRequest): Promise<RelayReply> {
  const owner = await request.signer();
  const query = read(listQuery, request.query);
  requireSelf(owner, query.agentId);
  await requireLease(parts, owner, query.installation);
  const limit = Math.min(query.limit, MAX_PAGE);
  const found = await parts.store.envelopes(owner, { limit: limit + 1, maxSize: PAGE_SIZE });
  // Ours: the network's own relay does not say it.
  const more = found.isCut || found.texts.length > limit;
  return ok(new JsonText(mailPage(found.texts.slice(0, limit), more)));
}

/** Each as PUT would answer it, those that pass in one transaction. */
async function putBatch(
  parts: RouteParts,
  sender: string,
  envelopes: readonly unknown[],
): Promise<PutResult[]> {
  const admission = new Admission(parts.store, sender);
  const admitted = await Promise.all(
    envelopes.map((one) => admission.admit(one).catch((error: unknown) => refusal(error))),
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

/** Stores, and rings once per mailbox that got something new, or may have got it unheard. */
async function deliver(
  { store, clock, ring, observer }: RouteParts,
  deliveries: readonly Delivery[],
): Promise<readonly StoredOutcome[]> {
  if (deliveries.length === 0) return [];
  const outcomes = await store.putEnvelopes(deliveries, clock.now());
  for (const outcome of outcomes) observer.stored(outcome);
  const stored = deliveries.filter((_, index) => outcomes[index] === "stored");
  // Another relay of a fleet may have stored what is known now, and ended before it rang for it.
  const there = store.fleet ? deliveries.filter((_, index) => outcomes[index] !== "full") : stored;
  // Before the answer: somebody waits for the mail, and nobody for what became of it.
  for (const mailbox of new Set(there.map((one) => one.mailbox))) {
    await ring(mailbox, ringOf(stored.filter((one) => one.mailbox === mailbox)));
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
