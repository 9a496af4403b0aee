import * as table from "../vault/sdk-ratchet-table.ts";
import type { VaultReader } from "../vault/vault.ts";
import type { SkippedKey } from "./sdk/double-ratchet.ts";
import { toBase64 } from "./sdk/encoding.ts";

/** Keys of messages that may still come: how many per session, and for how long, in ms. */
export const MAX_SKIPPED_KEYS = 2000;
export const SKIPPED_KEPT_MS = 30 * 24 * 3600 * 1000;

/** `messageKey` null: it is used up. */
type Staged = Omit<SkippedKey, "messageKey"> & { readonly messageKey: Uint8Array | null };

/** Changes of kept message keys, staged in memory as the steps are that make them. */
export class SkippedKeys {
  /** By session, then by ratchet key and number. */
  private readonly staged = new Map<string, Map<string, Staged>>();
  private readonly vault: VaultReader;
  private readonly parent: SkippedKeys | null;

  constructor(vault: VaultReader, parent: SkippedKeys | null) {
    this.vault = vault;
    this.parent = parent;
  }

  find(session: string, ratchetKey: Uint8Array, number: number): Uint8Array | null {
    const here = this.staged.get(session)?.get(nameOf(ratchetKey, number));
    if (here) return here.messageKey;
    if (this.parent) return this.parent.find(session, ratchetKey, number);
    return table.readSkippedKey(this.vault, session, ratchetKey, number);
  }

  use(session: string, ratchetKey: Uint8Array, messageNumber: number): void {
    this.put(session, [{ ratchetKey, messageNumber, messageKey: null }]);
  }

  keep(session: string, keys: readonly SkippedKey[]): void {
    if (keys.length > 0) this.put(session, keys);
  }

  merge(child: SkippedKeys): void {
    for (const [session, keys] of child.staged) this.put(session, [...keys.values()]);
  }

  /** Inside `Vault.write`. */
  commit(at: number): void {
    for (const [session, keys] of this.staged) {
      for (const { ratchetKey, messageNumber, messageKey } of keys.values()) {
        if (messageKey) {
          const key = { session, ratchetKey, messageNumber, messageKey, at };
          table.writeSkippedKey(this.vault, key);
        } else table.removeSkippedKey(this.vault, session, ratchetKey, messageNumber);
      }
      table.trimSkippedKeys(this.vault, session, MAX_SKIPPED_KEYS);
    }
    if (this.staged.size > 0) table.removeSkippedKeysBefore(this.vault, at - SKIPPED_KEPT_MS);
  }

  private put(session: string, keys: readonly Staged[]): void {
    const staged = this.staged.get(session) ?? new Map<string, Staged>();
    this.staged.set(session, staged);
    for (const key of keys) staged.set(nameOf(key.ratchetKey, key.messageNumber), key);
    let surplus = staged.size - MAX_SKIPPED_KEYS;
    // One batch may hold many messages that each leave a gap.
    for (const [name, key] of staged) {
      if (surplus <= 0) break;
      if (key.messageKey && staged.delete(name)) surplus--;
    }
  }
}

function nameOf(ratchetKey: Uint8Array, number: number): string {
  return `${toBase64(ratchetKey)}:${number}`;
}
