import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeySlots } from "../../electron/vault/key-slots.ts";
import { systemKeychain } from "../../electron/vault/keychain.ts";
import { keychainContract } from "./keychain-contract.ts";

/** Runs in a session that has a secret service: the contract, then a vault's key kept in it. */
const keychain = await systemKeychain();
if (!keychain) throw new Error("no keychain in this session");
keychainContract(keychain);
const folder = mkdtempSync(join(tmpdir(), "tp-"));
try {
  const { slots, key } = KeySlots.create(folder, "me", keychain);
  const inFile = readFileSync(join(folder, "vault.key"), "utf8");
  const again = KeySlots.read(folder, keychain).open();
  process.stdout.write(
    JSON.stringify({
      store: slots.store,
      same: Buffer.from(key).equals(again),
      keyInFile: inFile.includes(Buffer.from(key).toString("base64")),
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
