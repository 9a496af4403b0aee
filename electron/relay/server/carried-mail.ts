import { z } from "zod";
import { contentDigest } from "../content-digest.ts";
import type { Delivery, RelayStore } from "../store/store.ts";
import type { Ring } from "../wire.ts";

/** Envelopes that may travel with a ring, and how many characters they may have together. */
const MAX_CARRIED = 16;
export const MAX_CARRIED_SIZE = 32 * 1024;
/** Room for what stands around an envelope's body. */
const AROUND = 512;

const named = z.object({ id: z.string() });

/** What a ring brings: the page that `GET /messages` would answer, and that answer's digest. */
export interface CarriedMail {
  readonly page: string;
  readonly digest: string;
}

/** A page of a mailbox as clients read it. @param texts envelopes as they are kept */
export function mailPage(texts: readonly string[], more: boolean): string {
  // Spliced: what was checked on its way in need not be read and written again.
  const messages = texts.length > 0 ? `[${texts.join(",")}]` : "null";
  return `{"messages":${messages},"more":${more}}`;
}

/** The ring for what was just put into one mailbox; for nothing new it says to look. */
export function ringOf(put: readonly Delivery[]): Ring {
  const size = put.reduce((sum, { envelope }) => sum + envelope.body.length + AROUND, 0);
  const last = put.at(-1)?.envelope.id;
  if (put.length > MAX_CARRIED || size > MAX_CARRIED_SIZE || last === undefined) {
    return { for: "mail" };
  }
  return { for: "mail", put: { count: put.length, last } };
}

/**
 * The mailbox as a page, for whoever drains it as `installation`. Null where it holds more than what was
 * just put, or where another installation drains it: then the ring says to look, and no more.
 */
export async function carriedMail(
  store: RelayStore,
  mailbox: string,
  put: NonNullable<Ring["put"]>,
  installation: string | null,
): Promise<CarriedMail | null> {
  const [lease, { texts }] = await Promise.all([
    store.lease(mailbox),
    store.envelopes(mailbox, { limit: put.count, maxSize: MAX_CARRIED_SIZE }),
  ]);
  if (lease && lease.installation !== installation) return null;
  // The oldest of the mailbox end with the last that was put: there are no others.
  if (texts.length !== put.count || idOf(texts.at(-1) ?? "{}") !== put.last) return null;
  const page = mailPage(texts, false);
  return { page, digest: contentDigest(page) };
}

function idOf(envelope: string): string | undefined {
  return named.safeParse(JSON.parse(envelope)).data?.id;
}
