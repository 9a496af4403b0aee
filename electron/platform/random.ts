import { randomFillSync } from "node:crypto";

/** Asking OpenSSL costs microseconds each time, however few bytes: it is asked for many at once. */
const pool = Buffer.alloc(2048);
let used = pool.length;

/** Random bytes for an id, not for a key, in hexadecimal. @param bytes at most 2048 */
export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString("hex", used - bytes, used);
}
