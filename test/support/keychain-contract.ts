import { strictEqual } from "node:assert/strict";
import type { Keychain } from "../../electron/vault/keychain.ts";

/** What every keychain does, the system's and its twin. Throws where it does not. */
export function keychainContract(keychain: Keychain): void {
  strictEqual(keychain.read("nobody"), null);
  keychain.remove("nobody");
  keychain.write("one", "first secret");
  keychain.write("two", "a secret of another");
  strictEqual(keychain.read("one"), "first secret");
  keychain.write("one", "second secret");
  strictEqual(keychain.read("one"), "second secret");
  keychain.remove("one");
  strictEqual(keychain.read("one"), null);
  strictEqual(keychain.read("two"), "a secret of another");
  keychain.remove("two");
}
