import { randomBytes } from "node:crypto";
import { newMessageId } from "../../shared/envelope/message-id.ts";
import { type Clock, systemClock } from "./clock.ts";

/** Ids made within the same tick are in no order, in ms. */
const TICK_MS = 64;
/** Ticks until the order begins anew: 12 days. */
const TICKS = 2 ** 24;

/**
 * The id of a message that is written now: three bytes of time, then six random ones. Ids that grow are
 * appended to an index; random ones would rewrite a page of it each, here and at the receiver.
 */
export function freshMessageId(clock: Clock = systemClock): string {
  const bytes = randomBytes(9);
  bytes.writeUIntBE(Math.floor(clock.now() / TICK_MS) % TICKS, 0, 3);
  return newMessageId(bytes);
}
