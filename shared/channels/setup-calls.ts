import { z } from "zod";
import { lazily } from "../lazily.ts";
import { place } from "../model/place.ts";
import { setup } from "../model/setup.ts";

const nothing = z.object({}).strict();

/** The first steps, and what the window comes back to (rule U4). */
export const setupCalls = {
  /** What to type into a terminal so that Claude Code sessions attach to this application. */
  "host.attach-command": lazily({
    request: () => nothing,
    response: () => z.object({ command: z.string() }),
  }),
  /**
   * Runs that command, and has sessions that name no agent come as this one, unless another was
   * chosen for them before.
   */
  "claude.connect": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () =>
      z.object({
        /** Whose sessions new ones become: this agent's, or one's that was chosen before. */
        comesAs: z.string(),
      }),
  }),
  /** Where the window was, how far the first steps are, and where it was asked to go while it loaded. */
  "window.remembered": lazily({
    request: () => nothing,
    response: () =>
      z.object({
        place: place.nullable(),
        setup: setup.nullable(),
        asked: place.nullable(),
      }),
  }),
  "window.remember": lazily({
    request: () =>
      z.object({ place: place.optional(), setup: setup.nullable().optional() }).strict(),
    response: () => nothing,
  }),
} as const;
