import { z } from "zod";
import type { MailPage, Malformed } from "../transport.ts";
import { type RelayEnvelope, relayEnvelope } from "../wire.ts";

const named = z.object({ id: z.string().min(1).max(128), from: z.unknown() });

/** A page as the relay gives it: one malformed envelope must not hide the others. */
export const mailPage = z
  .object({ messages: z.array(z.unknown()).nullish(), more: z.boolean().nullish() })
  .transform(({ messages, more }): MailPage & { saysMore: boolean } => {
    const envelopes: RelayEnvelope[] = [];
    const malformed: Malformed[] = [];
    for (const one of messages ?? []) {
      const parsed = relayEnvelope.safeParse(one);
      if (parsed.success) envelopes.push(parsed.data);
      else malformed.push(...asMalformed(one));
    }
    const found = envelopes.length + malformed.length > 0;
    return { envelopes, malformed, more: more ?? found, saysMore: typeof more === "boolean" };
  });

/** Without an id it cannot be acknowledged: there is nothing to be done about it. */
function asMalformed(value: unknown): Malformed[] {
  const parsed = named.safeParse(value);
  if (!parsed.success) return [];
  const { id, from } = parsed.data;
  return [
    { id, from: typeof from === "string" ? from.slice(0, 64) : "", json: JSON.stringify(value) },
  ];
}
