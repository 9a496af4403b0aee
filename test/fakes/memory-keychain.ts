import type { Keychain } from "../../electron/vault/keychain.ts";

/** The twin of the system's keychain; `locked` makes it answer nothing, as one nobody logged in to. */
export class MemoryKeychain implements Keychain {
  readonly entries = new Map<string, string>();
  locked = false;

  read(account: string): string | null {
    this.answer();
    return this.entries.get(account) ?? null;
  }

  write(account: string, secret: string): void {
    this.answer();
    this.entries.set(account, secret);
  }

  remove(account: string): void {
    this.answer();
    this.entries.delete(account);
  }

  private answer(): void {
    if (this.locked) throw new Error("the keychain is locked");
  }
}
