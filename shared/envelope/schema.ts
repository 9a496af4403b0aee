import { z } from "zod";
import { MAX_TEXT_BYTES } from "./limits.ts";
import { FOREIGN_ID_SHAPE } from "./message-id.ts";

/** What `envelope_version` says in every message, and `control_version` in every control message. */
export const ENVELOPE_VERSION = "tinyplace.harness.session.v1";
export const CONTROL_VERSION = "tinyplace.control.v1";

const label = z.string().regex(/^[\w:-]{1,32}$/);
const messageId = z.string().regex(FOREIGN_ID_SHAPE);

/**
 * `SessionEnvelopeV1` with our block `tp` (rule F1), as it should be written. Published as
 * session-envelope-v1.schema.json beside this file. Reading is more lenient, and goes through
 * `decodeBody` only: a message with one bad field is still a message. The objects are loose, since a
 * reader ignores fields of later versions.
 */
export const sessionEnvelopeSchema = z
  .looseObject({
    envelope_version: z.literal(ENVELOPE_VERSION),
    version: z.literal(1),
    bucket: z
      .looseObject({ unit: z.literal("minute"), start: z.string(), end: z.string() })
      .describe("The minute of the message, ISO 8601; end is exclusive."),
    scope: z.looseObject({
      type: z.literal("session"),
      key: z.string().describe("<agent>:<label>"),
      cwd: z.string(),
      wrapper_session_id: z.string().describe("Unique id of the wrapper session; not for routing."),
      harness_session_id: z.string().describe("The harness's own session id; empty when unknown."),
    }),
    harness: z.looseObject({
      provider: z.string(),
      command: z.string(),
      argv: z.array(z.string()),
    }),
    message: z.looseObject({
      id: messageId.describe("Made by the sender: `msg-` and 18 hex digits."),
      line: z.number().int().nonnegative(),
      role: z.enum(["user", "agent"]),
      text: z.string().max(MAX_TEXT_BYTES).describe("At most 256 KiB of UTF-8."),
      timestamp: z.string().describe("ISO 8601"),
      phase: z.string().optional(),
    }),
    source: z.looseObject({
      path: z.string(),
      record_type: z.string(),
      source_role: z.string().optional(),
    }),
    tp: z
      .looseObject({
        v: z.literal(1),
        from_session: label
          .optional()
          .describe("Routing label of the sender; without one, nobody in particular."),
        to_session: label.optional(),
        in_reply_to: messageId.optional(),
        auto: z.boolean().optional().describe("An automatic reply: never answer it automatically."),
      })
      .optional()
      .describe("Routing block; a harness wrapper writes none."),
  })
  .meta({ title: "SessionEnvelopeV1" });

export type SessionEnvelope = z.infer<typeof sessionEnvelopeSchema>;
