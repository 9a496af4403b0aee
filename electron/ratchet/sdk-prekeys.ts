import { randomBytes } from "node:crypto";
import * as table from "../vault/sdk-ratchet-table.ts";
import type { Vault } from "../vault/vault.ts";
import { makePrekey, type PublishedPrekey } from "./sdk/prekey.ts";

/**
 * Makes pre-keys of the network's own cipher, commits their private halves to the vault, and returns
 * what to publish, as `makePrekeys` does for libsignal. @param count one-time keys
 */
export async function makeSdkPrekeys(
  vault: Vault,
  seed: Uint8Array,
  count: number,
  at: number,
): Promise<{ signed: PublishedPrekey; oneTime: PublishedPrekey[] }> {
  // The SDK counts its ids by the clock alone; two that publish at once would use one id twice.
  const serial = randomBytes(4).toString("hex");
  const signed = makePrekey(seed, `spk_${at}-${serial}`);
  const oneTime = Array.from({ length: count }, (_, i) =>
    makePrekey(seed, `pk_${at}-${serial}-${i}`),
  );
  await vault.write(() => {
    const write = (kind: table.SdkPrekeyKind, { keyId, pair }: typeof signed) =>
      table.writeSdkPrekey(vault, { keyId, kind, privateKey: pair.privateKey, at });
    write("signed", signed);
    for (const key of oneTime) write("one-time", key);
  });
  return { signed: signed.published, oneTime: oneTime.map((key) => key.published) };
}
