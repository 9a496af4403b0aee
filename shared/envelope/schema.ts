import { z } from "zod";

/**
 * `SessionEnvelopeV1` with our block `tp` (rule F1), as encoded. Published as JSON Schema in
 * session-envelope-v1.schema.json beside this file. Reading is more lenient: see envelope.ts.
 */
const label = z.string().regex(/^[\w:-]{1,32}$/);

export const sessionEnvelopeSchema = z.object({
  envelope_version: z.literal("tinyplace.harness.session.v1"),
  version: z.literal(1),
  bucket: z.object({ unit: z.literal("minute"), start: z.string(), end: z.string() }),
  scope: z.object({
    type: z.literal("session"),
    key: z.string(),
    cwd: z.string(),
    wrapper_session_id: z.string(),
    harness_session_id: z.string(),
  }),
  harness: z.object({ provider: z.string(), command: z.string(), argv: z.array(z.string()) }),
  message: z.object({
    id: z.string(),
    line: z.number().int().nonnegative(),
    role: z.enum(["user", "agent"]),
    text: z.string(),
    timestamp: z.string(),
    phase: z.string().optional(),
  }),
  source: z.object({
    path: z.string(),
    record_type: z.string(),
    source_role: z.string().optional(),
  }),
  tp: z.object({
    v: z.literal(1),
    from_session: label,
    to_session: label.optional(),
    in_reply_to: z.string().optional(),
    auto: z.literal(true).optional(),
  }),
});

export type SessionEnvelope = z.infer<typeof sessionEnvelopeSchema>;
