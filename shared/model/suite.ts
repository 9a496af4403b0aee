import { z } from "zod";

/**
 * The ciphers of end-to-end encryption: `libsignal`, and `sdk` for the network's own older one, which
 * agents speak that run another program. It lacks what libsignal adds: a handshake that holds against
 * quantum computers, bounds on what a thief of keys can read, and any report of what was lost.
 */
export const suite = z.enum(["libsignal", "sdk"]);
export type Suite = z.infer<typeof suite>;
