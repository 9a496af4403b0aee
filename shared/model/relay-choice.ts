import { z } from "zod";
import { TinyplaceError } from "../errors/errors.ts";

/** Relays that others run; none is used unless a person chooses it. */
export const KNOWN_RELAYS = [
  { name: "tiny.place", url: "https://api.tiny.place" },
  { name: "tiny.place staging", url: "https://staging-api.tiny.place" },
] as const;

/** What a person is told before choosing a relay that others run. */
export const HOSTED_WORDS =
  "It sees who writes to whom, and when, but no text. Registering a name there may cost money.";

/** Which relay the agents of a data folder use, and how their keys are published there. */
export const relayChoice = z.object({
  url: z.string(),
  /** Where that comes from: a relay of this application's own, the person, or TINYPLACE_API_URL. */
  from: z.enum(["embedded", "chosen", "environment"]),
  /** Keys of the network's own cipher, too, for programs that know no other (rule E3). */
  publishesForAll: z.boolean(),
});
export type RelayChoice = z.infer<typeof relayChoice>;

/**
 * A relay's address as it is kept: http or https, without a query. Throws `bad_request`.
 * @param source what gave it, where that is not whoever reads the error
 */
export function relayUrlOf(text: string, source: string | null = null): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isPlain =
    url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username;
  if (isPlain) return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  throw new TinyplaceError(
    "bad_request",
    `${source === null ? "" : `${source}: `}"${text.slice(0, 128)}" is no relay's address.`,
    "Give one as https://relay.example or https://relay.example/path. Nothing was changed.",
  );
}
