import { z } from "zod";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** JSON of the tiny.place wire API (network.md part 1) and of our extension (part 3). */
const base64 = z
  .string()
  .max(4096)
  .regex(/^[A-Za-z0-9+/]+={0,2}$/);
const messagingAddress = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);

const ratchetHeader = z.object({
  ratchetKey: z.string().max(64),
  messageNumber: z.number().int().nonnegative(),
  previousChainLength: z.number().int().nonnegative(),
  ephemeralKey: z.string().max(64).optional(),
  signedPreKeyId: z.string().max(64).optional(),
  oneTimePreKeyId: z.string().max(64).optional(),
});

/** Half a surrogate pair has no UTF-8, so no URL can name what is called so. */
const envelopeId = z
  .string()
  .min(1)
  .max(128)
  .refine((id) => id.isWellFormed(), "half a surrogate pair");

export const relayEnvelope = z.object({
  id: envelopeId,
  from: messagingAddress,
  to: messagingAddress,
  timestamp: z.string().max(64),
  deviceId: z.number().int(),
  type: z.enum(["PREKEY_BUNDLE", "CIPHERTEXT"]),
  body: z.string().min(1).max(3_000_000),
  contentHint: z.string().max(32).optional(),
  signal: ratchetHeader.optional(),
  /** Ours: names the cipher; absent means the network's own. */
  suite: z.literal("libsignal").optional(),
});
export type RelayEnvelope = z.infer<typeof relayEnvelope>;

/** What a sender uploads: the addresses are read apart, so that each kind of wrong has its answer. */
export const uploadedEnvelope = relayEnvelope.extend({
  from: z.string().min(1).max(128),
  to: z.string().min(1).max(128),
});

/** A pre-key of the network's own cipher; the signature is over the text of `publicKey`. */
export const sdkKey = z.object({
  keyId: z.string().min(1).max(64),
  publicKey: base64,
  signature: base64,
});
export type SdkKey = z.infer<typeof sdkKey>;

const keyId = z.number().int().positive();
const signedKey = z.object({ id: keyId, publicKey: base64, signature: base64 });
const plainKey = z.object({ id: keyId, publicKey: base64 });

export const libsignalUpload = z.object({
  registrationId: z.number().int().nonnegative(),
  deviceId: z.literal(1),
  identityKey: base64,
  signedPreKey: signedKey,
  kyberLastResort: signedKey,
  preKeys: z.array(plainKey).max(200),
  kyberPreKeys: z.array(signedKey).max(200),
  capabilities: z.array(z.string().max(32)).max(16),
});
export type LibsignalUpload = z.infer<typeof libsignalUpload>;

export const libsignalBundle = z.object({
  registrationId: z.number().int().nonnegative(),
  deviceId: z.literal(1),
  identityKey: base64,
  signedPreKey: signedKey,
  preKey: plainKey.nullable(),
  kyberPreKey: signedKey,
  capabilities: z.array(z.string()),
});
export type LibsignalBundle = z.infer<typeof libsignalBundle>;

/** The network's own part of a bundle. */
export const sdkBundle = z.object({
  signedPreKey: sdkKey,
  oneTimePreKey: sdkKey.nullish().transform((key) => key ?? null),
});
export type SdkBundle = z.infer<typeof sdkBundle>;

/** Who drains a mailbox (rule N5). */
export const mailboxLease = z.object({
  /** Names one installation: made up by it, compared and nothing else. */
  installation: z.string().min(1).max(128),
  /** The machine's name, for the person who finds the mailbox taken. */
  host: z.string().max(128),
  /** ISO 8601 */
  since: z.string(),
});
export type MailboxLease = z.infer<typeof mailboxLease>;

/** What a doorbell rings for. Ours: other relays ring without a word. */
export const rungFor = z.enum(["mail", "contacts"]);
export type RungFor = z.infer<typeof rungFor>;

/** What relays tell each other of a ring. */
export const ring = z.object({
  for: rungFor,
  /** How many envelopes were put, and the id of the last; only where they are few and small. */
  put: z.object({ count: z.number(), last: z.string() }).optional(),
});
export type Ring = z.infer<typeof ring>;

export const contactRow = z.object({
  requester: z.string(),
  addressee: z.string(),
  status: z.enum(["pending", "accepted", "blocked"]),
  blockedBy: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ContactRow = z.infer<typeof contactRow>;

/**
 * What an agent says about itself in the directory. Fields we do not know are kept: other clients
 * read them. Both keys, where named, are the agent's own.
 */
export const agentCard = z.looseObject({
  name: z.string().min(1).max(128),
  publicKey: messagingAddress.optional(),
  metadata: z.looseObject({ encryptionPublicKey: messagingAddress.optional() }).optional(),
  createdAt: z.string().max(64).optional(),
  updatedAt: z.string().max(64).optional(),
});
export type AgentCard = z.infer<typeof agentCard>;
