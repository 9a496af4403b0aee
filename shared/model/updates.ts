import { z } from "zod";

/**
 * How this installation gets newer versions. `unavailable`: not by itself, and why. Nothing is asked
 * for while it is `off`; what is `ready` was checked against its signature by the system.
 */
export const updates = z.discriminatedUnion("state", [
  z.object({
    state: z.literal("unavailable"),
    why: z.enum(["not_packaged", "package_manager", "no_address", "not_signed"]),
  }),
  z.object({ state: z.enum(["off", "checking", "current"]) }),
  z.object({ state: z.literal("downloading"), version: z.string(), percent: z.number() }),
  z.object({ state: z.literal("ready"), version: z.string() }),
  /** Tried again by itself. */
  z.object({ state: z.literal("failed"), why: z.string() }),
]);
export type Updates = z.infer<typeof updates>;
export type NoUpdates = Extract<Updates, { state: "unavailable" }>["why"];
