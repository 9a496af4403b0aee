import { z } from "zod";
import { verifySignature } from "../signing.ts";

const PREFIX = "siws:";
const FIRST_LINE = "tiny.place wants you to sign in with your Solana account:";
const AUDIENCE = "URI: https://tiny.place";

const tokenShape = z.object({ signedMessage: z.string(), signature: z.string() });

export function isSiws(signature: string): boolean {
  return signature.startsWith(PREFIX);
}

/**
 * True when the token (network.md part 1, section 3.2) was signed by this key, for this network, and
 * has not expired. The first line and the URI matter: the same wallet key signs in elsewhere too.
 */
export function siwsHolds(token: string, key: Uint8Array, cryptoId: string, now: number): boolean {
  const message = signedMessage(token, key);
  if (message === null) return false;
  const lines = message.split("\n");
  const expiry = lines.find((line) => line.startsWith("Expiration Time: "))?.slice(17) ?? "";
  return (
    lines[0] === FIRST_LINE &&
    lines[1] === cryptoId &&
    lines.includes(AUDIENCE) &&
    Date.parse(expiry) > now
  );
}

function signedMessage(token: string, key: Uint8Array): string | null {
  try {
    const json = Buffer.from(token.slice(PREFIX.length), "base64url").toString("utf8");
    const { signedMessage, signature } = tokenShape.parse(JSON.parse(json));
    const bytes = Buffer.from(signedMessage, "base64");
    return verifySignature(key, bytes, signature) ? bytes.toString("utf8") : null;
  } catch {
    return null;
  }
}
