import { z } from "zod";
import { lazily } from "../lazily.ts";

/**
 * How a harness's hooks and channels reach the host (rules M2, S6). A hook is a short-lived client of
 * its own: it names the session by the harness's id, or by the process that started it.
 */
const hookName = z.enum([
  "session-start",
  "user-prompt-submit",
  "stop",
  "stop-failure",
  "notification",
  "permission-request",
  "post-tool-use",
  "session-end",
  /** Not the harness's: the doctor sends it to see whether it comes back. */
  "check",
]);

/** The message in a push: a delivery of this agent (cryptoId), and whether all of its text stood there. */
export const carried = z.object({
  agent: z.string().max(64),
  delivery: z.number().int(),
  whole: z.boolean(),
});
export type Carried = z.infer<typeof carried>;

export const hookCalls = {
  hook: lazily({
    params: () =>
      z.object({
        name: hookName,
        /** The harness session's id as the harness says now: another one after /clear. */
        sessionId: z.string().min(1).max(128),
        /** The session's transcript, a file of JSON lines. */
        transcriptPath: z.string().max(4096).nullable(),
        /** Why a session starts: startup, resume, clear, compact. */
        source: z.string().max(64).nullable(),
        /** This turn goes on only because a Stop hook said so. */
        stopHookActive: z.boolean(),
        /** What kind of notification it is. */
        notification: z.string().max(64).nullable(),
        /** Message ids that stand in the prompt: a channel brought them. */
        shown: z.array(z.string().max(128)).max(50),
        /**
         * The process that started the hook: the harness. Not what is above it, which may be another
         * session that started this one.
         */
        pid: z.number().int().positive(),
      }),
    /** What the hook prints for the harness; null: nothing. */
    result: () => z.object({ output: z.string().nullable() }),
  }),
  /**
   * Answered when mail came that the idle session may be woken for, however long that takes; null: the
   * session ended, or another hook of it waits.
   */
  "hook.wait": lazily({
    params: () =>
      z.object({ sessionId: z.string().min(1).max(128), pid: z.number().int().positive() }),
    result: () => z.object({ text: z.string().nullable() }),
  }),
  /** The output of this connection's `hook` or `hook.wait` was written. */
  "hook.written": lazily({ params: () => z.object({}), result: () => z.object({}) }),
  /** What a `push` carried was written to the client. */
  "push.written": lazily({ params: () => z.object({ carried }), result: () => z.object({}) }),
} as const;

export const hookNotifications = {
  /** Mail or a contact request for the session's channel, framed. */
  push: z.object({
    content: z.string(),
    meta: z.record(z.string(), z.string()),
    /** Null: no message. */
    carried: carried.nullable(),
  }),
  /** The harness goes by another session id from now on. */
  rebound: z.object({ harnessSessionId: z.string() }),
} as const;
