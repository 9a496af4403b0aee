import { createHash } from "node:crypto";

export const CONTENT_DIGEST = "content-digest";

/** The header's value (RFC 9530) for these bytes. */
export function contentDigest(bytes: string | Uint8Array): string {
  return `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;
}
