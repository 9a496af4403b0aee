import { z } from "zod";
import { LABEL_SHAPE } from "../labels/labels.ts";
import { FOREIGN_ID_SHAPE } from "./message-id.ts";
import { CONTROL_VERSION } from "./schema.ts";

/**
 * What daemons say to each other inside libsignal messages (rules D4, D6): never shown as mail. Like
 * everything received it was chosen by a stranger; entries of unknown shape are left out.
 */
const RECEIPT_RUNGS = ["received", "held", "inbox", "pushed", "read", "seen", "refused"] as const;
export type ReceiptRung = (typeof RECEIPT_RUNGS)[number];

/** Entries in one control message. */
export const MAX_CONTROL_ENTRIES = 500;

const messageId = z.string().regex(FOREIGN_ID_SHAPE);
const envelopeId = z.string().min(1).max(128);

const receipt = z.object({
  /** The sender's message id. */
  id: messageId,
  rung: z.enum(RECEIPT_RUNGS),
  /** ISO 8601, by the clock of who writes the receipt. */
  at: z.iso.datetime(),
  /** The session that has the message. */
  session: z.string().regex(LABEL_SHAPE).nullable(),
});
export type Receipt = z.infer<typeof receipt>;

const resent = z.object({
  id: messageId,
  /** The envelope it was in before. */
  envelope: envelopeId,
});

export type Control =
  | { readonly kind: "receipts"; readonly receipts: readonly Receipt[] }
  /** These envelopes could not be decrypted: send again what was in them. */
  | { readonly kind: "repair"; readonly envelopes: readonly string[] }
  /**
   * The answer: the messages that follow once more, the envelopes that held no mail (what they told
   * is told again), and those of which nothing is known.
   */
  | {
      readonly kind: "repaired";
      readonly resent: readonly z.infer<typeof resent>[];
      readonly control: readonly string[];
      readonly unknown: readonly string[];
    };

export function encodeControl(control: Control): string {
  return JSON.stringify({ control_version: CONTROL_VERSION, v: 1, ...control });
}

/** Null for a kind this version does not know. */
export function readControl(json: Readonly<Record<string, unknown>>): Control | null {
  switch (json.kind) {
    case "receipts":
      return { kind: "receipts", receipts: entries(receipt, json.receipts) };
    case "repair":
      return { kind: "repair", envelopes: entries(envelopeId, json.envelopes) };
    case "repaired":
      return {
        kind: "repaired",
        resent: entries(resent, json.resent),
        control: entries(envelopeId, json.control),
        unknown: entries(envelopeId, json.unknown),
      };
    default:
      return null;
  }
}

function entries<T>(schema: z.ZodType<T>, value: unknown): T[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_CONTROL_ENTRIES).flatMap((one) => {
    const parsed = schema.safeParse(one);
    return parsed.success ? [parsed.data] : [];
  });
}
