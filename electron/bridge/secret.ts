import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { writePrivateFile } from "../platform/private-file.ts";

/** The socket's secret (rule Z2): 32 bytes that only this user can read. */
export function loadOrCreateSecret(path: string): Uint8Array {
  if (!existsSync(path)) writePrivateFile(path, randomBytes(32));
  chmodSync(path, 0o600);
  const secret = readSecret(path);
  if (!secret) throw new Error(`${path} is damaged: delete it and start tinyplace again`);
  return secret;
}

export function readSecret(path: string): Uint8Array | null {
  try {
    const secret = readFileSync(path);
    return secret.length === 32 ? secret : null;
  } catch {
    return null;
  }
}

/** Proof of the secret for one connection, in base64; each side has its own, so none can be echoed. */
export function proofOf(
  secret: Uint8Array,
  side: "host" | "client",
  clientNonce: string,
  hostNonce: string,
): string {
  return createHmac("sha256", secret)
    .update(`tinyplace-${side}\n${clientNonce}\n${hostNonce}`)
    .digest("base64");
}

export function sameProof(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}

export function newNonce(): string {
  return randomBytes(32).toString("base64");
}
