import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { visibleLine } from "../../../shared/framing/visible.ts";
import { CLOCK_IS_WRONG, type RelayListener } from "../transport.ts";
import type { Method } from "../wire.ts";

/** How a relay refuses. Schemas are made once: each compiles itself when it first reads something. */
const refusal = z.object({ error: z.string() });

export interface Answer {
  readonly status: number;
  /** Null for an empty answer and for one that is not JSON. */
  readonly body: unknown;
}

/** How one agent asks its relay, over a network or within one process. */
export interface RelayWire {
  readonly url: string;
  /** Whatever the relay answers; rejects with `relay_unreachable` when it does not. */
  send(method: Method, uri: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** How one agent hears that there is something to ask for; it comes back by itself. */
export interface Doorbell {
  /** Once. */
  open(listener: RelayListener): void;
  close(): void;
}

/** The answer of a call that has to succeed, read through `schema`; rejects with the refusal. */
export async function expectAnswer<T>(
  wire: RelayWire,
  schema: z.ZodType<T>,
  method: Method,
  uri: string,
  body?: unknown,
): Promise<T> {
  const answer = await wire.send(method, uri, body);
  if (answer.status < 200 || answer.status >= 300) throw refused(answer);
  return readAnswer(schema, answer);
}

/** Rejects with `relay_refused` when the answer is not what the call promises. */
export function readAnswer<T>(schema: z.ZodType<T>, answer: Answer): T {
  const result = schema.safeParse(answer.body);
  if (result.success) return result.data;
  throw new TinyplaceError(
    "relay_refused",
    `The relay answered (${answer.status}) with something this program cannot read.`,
    "Check the relay's address: another service may be running there, or another version.",
    { cause: result.error },
  );
}

export function refused(answer: Answer): TinyplaceError {
  const text = errorText(answer);
  if (text === "mailbox_leased") {
    return new TinyplaceError(
      "mailbox_leased",
      "Another installation of tinyplace took this agent's mailbox over.",
      "Use the agent there, or move it back here in its view in the window.",
    );
  }
  if (text === "not_a_contact") {
    return new TinyplaceError(
      "contact_required",
      "The relay takes mail between accepted contacts only.",
      "Send a contact request, and write again when it was accepted.",
    );
  }
  if (answer.status === 403 && text === "blocked") {
    return new TinyplaceError(
      "contact_blocked",
      "One of the two agents blocks the other.",
      "If it was this one, contact_remove ends its own block. The other's block is theirs to end.",
    );
  }
  if (answer.status === 404 && text.startsWith("no pending request")) {
    return new TinyplaceError(
      "contact_unknown",
      "This agent has not asked for contact.",
      "contact_requests lists who has; contact_add asks them instead.",
    );
  }
  return new TinyplaceError(
    "relay_refused",
    `The relay refused (${answer.status}${text ? `: "${text}"` : ""}).`,
    nextStep(answer.status),
  );
}

/** The relay's own words, which may be a stranger's, as one visible line; "" when it gave none. */
export function errorText(answer: Answer): string {
  const parsed = refusal.safeParse(answer.body);
  const text = parsed.success ? visibleLine(parsed.data.error.slice(0, 200)) : "";
  if (answer.status !== 401 || !text.includes("date")) return text;
  return `${CLOCK_IS_WRONG}: ${text}`;
}

function nextStep(status: number): string {
  if (status === 401) return "Check this machine's clock; requests are signed with the time.";
  if (status === 413) return "Send less at once.";
  if (status === 429) return "Wait a little; it takes more when it has room again.";
  if (status >= 500) return "The relay has trouble of its own. It is tried again by itself.";
  return "Check the address you named, then try again.";
}
