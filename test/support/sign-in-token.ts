import type { Signer } from "../../electron/relay/signing.ts";

/** A bearer token as clients of the network mint it (network.md part 1, section 3.2). Times in ms. */
export function signInToken(signer: Signer, issued: number, expires: number): string {
  const message = [
    "tiny.place wants you to sign in with your Solana account:",
    signer.cryptoId,
    "",
    "Authenticate website API requests. This does not authorize a transaction or payment.",
    "",
    "URI: https://tiny.place",
    "Version: 1",
    "Chain ID: solana:mainnet",
    "Nonce: 00000000-0000-4000-8000-000000000000",
    `Issued At: ${new Date(issued).toISOString()}`,
    `Expiration Time: ${new Date(expires).toISOString()}`,
  ].join("\n");
  const token = {
    signedMessage: Buffer.from(message).toString("base64"),
    signature: signer.sign(Buffer.from(message)),
    signatureType: "ed25519",
  };
  return `siws:${Buffer.from(JSON.stringify(token)).toString("base64url")}`;
}
