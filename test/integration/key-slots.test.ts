import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { KeySlots } from "../../electron/vault/key-slots.ts";
import { MemoryKeychain } from "../fakes/memory-keychain.ts";
import { keychainContract } from "../support/keychain-contract.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const GOOD = "correct horse battery";
const text = (folder: string) => readFileSync(join(folder, "vault.key"), "utf8");
const base64 = (key: Uint8Array) => Buffer.from(key).toString("base64");
const bytes = (key: Uint8Array) => Buffer.from(key).toString("hex");
const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

/** A vault's folder, named as an agent's is. */
function agentFolder(name = "agent1"): string {
  const folder = join(temporaryHome(), name);
  mkdirSync(folder);
  return folder;
}

describe("Z1 a vault's key in its slots", () => {
  test("Z1 in the keychain where there is one, else in a file that others cannot read", () => {
    const keychain = new MemoryKeychain();
    const inKeychain = agentFolder();
    const one = KeySlots.create(inKeychain, "me", keychain);
    expect(one.slots.store).toBe("keychain");
    expect(text(inKeychain)).not.toContain(base64(one.key));
    expect(bytes(KeySlots.read(inKeychain, keychain).open())).toBe(bytes(one.key));

    const inFile = agentFolder();
    const two = KeySlots.create(inFile, "me", null);
    expect(two.slots.store).toBe("file");
    expect(bytes(KeySlots.read(inFile, null).open())).toBe(bytes(two.key));
    expect(bytes(two.key)).not.toBe(bytes(one.key));
    if (process.platform !== "win32") {
      expect(statSync(join(inFile, "vault.key")).mode & 0o777).toBe(0o600);
    }
    expect(() => KeySlots.create(inFile, "me", null)).toThrow(/never replaced/);
  });

  test("Z1 a keychain that is locked, or forgets, leaves the key in the file", () => {
    const locked = new MemoryKeychain();
    locked.locked = true;
    expect(KeySlots.create(agentFolder(), "me", locked).slots.store).toBe("file");
    const forgets = new MemoryKeychain();
    forgets.write = () => undefined;
    expect(KeySlots.create(agentFolder(), "me", forgets).slots.store).toBe("file");
  });

  test("Z1 two data folders with one agent have keys of their own in one keychain", () => {
    const keychain = new MemoryKeychain();
    const [here, there] = [agentFolder(), agentFolder()];
    const one = KeySlots.create(here, "me", keychain);
    const two = KeySlots.create(there, "me", keychain);
    expect([one.slots.store, two.slots.store]).toEqual(["keychain", "keychain"]);
    expect(bytes(KeySlots.read(here, keychain).open())).toBe(bytes(one.key));
    expect(bytes(KeySlots.read(there, keychain).open())).toBe(bytes(two.key));
    two.slots.forget(two.key);
    expect(bytes(KeySlots.read(here, keychain).open())).toBe(bytes(one.key));
    expect(() => KeySlots.read(there, keychain).open()).toThrow(/keychain/);
  });

  test("Z1 a keychain that does not give the key is a locked vault, with the next step", () => {
    const keychain = new MemoryKeychain();
    const folder = agentFolder();
    KeySlots.create(folder, "me", keychain);
    const before = text(folder);
    keychain.locked = true;
    for (const one of [keychain, null]) {
      expect(() => KeySlots.read(folder, one).open()).toThrow(
        expect.objectContaining({ code: "vault_locked", next: expect.stringMatching(/Unlock/) }),
      );
    }
    expect(text(folder)).toBe(before);
    keychain.locked = false;
    expect(KeySlots.read(folder, keychain).open()).toHaveLength(32);
  });

  test("Z1 a passphrase alone opens a vault that has one", async () => {
    const keychain = new MemoryKeychain();
    const folder = agentFolder();
    const { slots, key } = KeySlots.create(folder, "me", keychain);
    await expect(slots.setPassphrase(key, "short")).rejects.toMatchObject({ code: "bad_request" });
    expect(slots.store).toBe("keychain");
    await slots.setPassphrase(key, GOOD);
    expect(keychain.entries.size).toBe(0);
    expect(text(folder)).not.toContain(base64(key));
    expect(text(folder)).not.toContain(GOOD);

    const again = KeySlots.read(folder, keychain);
    expect([again.store, again.name]).toEqual(["passphrase", "me"]);
    expect(() => again.open()).toThrow(expect.objectContaining({ code: "vault_locked" }));
    await expect(again.unlock(`${GOOD}!`)).rejects.toMatchObject({ code: "passphrase_wrong" });
    expect(bytes(await again.unlock(GOOD))).toBe(bytes(key));

    await again.setPassphrase(key, "another, with an \u00e9");
    const third = KeySlots.read(folder, keychain);
    await expect(third.unlock(GOOD)).rejects.toMatchObject({ code: "passphrase_wrong" });
    // The same letter, as another keyboard composes it.
    expect(bytes(await third.unlock("another, with an e\u0301"))).toBe(bytes(key));

    third.removePassphrase(key);
    expect(third.store).toBe("keychain");
    expect(bytes(KeySlots.read(folder, keychain).open())).toBe(bytes(key));
  });

  test("Z1 a slot opens the vault it was made for, and no other", async () => {
    const [mine, other] = [agentFolder("mine"), agentFolder("other")];
    const { slots, key } = KeySlots.create(mine, "me", null);
    await slots.setPassphrase(key, GOOD);
    writeFileSync(join(other, "vault.key"), text(mine));
    await expect(KeySlots.read(other, null).unlock(GOOD)).rejects.toMatchObject({
      code: "passphrase_wrong",
    });
  });

  test("Z1 a key file that cannot be read locks the vault; the first version of it still opens", () => {
    const folder = agentFolder();
    const key = Buffer.alloc(32, 9).toString("base64");
    writeFileSync(
      join(folder, "vault.key"),
      JSON.stringify({ version: 1, slot: { kind: "file", key } }),
    );
    const slots = KeySlots.read(folder, null);
    expect([slots.name, base64(slots.open())]).toEqual([null, key]);
    slots.rename("me");
    expect(KeySlots.read(folder, null).name).toBe("me");
    const costly = { name: "scrypt", N: 2 ** 40, r: 8, p: 1, salt: "AAAA" };
    const slot = { kind: "passphrase", kdf: costly, iv: "AAAA", wrapped: "AAAA" };
    const bad = ["", "{}", "null", JSON.stringify({ version: 2, name: null, slots: [slot] })];
    for (const content of bad) {
      writeFileSync(join(folder, "vault.key"), content);
      expect(() => KeySlots.read(folder, null)).toThrow(
        expect.objectContaining({ code: "vault_locked" }),
      );
      expect(text(folder)).toBe(content);
    }
  });

  test("Z1 a kill while slots are changed leaves slots that open the vault", async () => {
    const folder = agentFolder();
    const { key } = KeySlots.create(folder, "me", null);
    for (let round = 0; round < 8; round++) {
      const child = spawn(process.execPath, [support("slot-writer-child.ts"), folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const closed = once(child, "close");
      await once(child.stdout, "data");
      // Anywhere within the next few hundred changes.
      const until = performance.now() + round * 3;
      while (performance.now() < until) await new Promise(setImmediate);
      child.kill("SIGKILL");
      await closed;
      expect(bytes(KeySlots.read(folder, null).open())).toBe(bytes(key));
    }
    // What the last kill left is gone with the next change.
    KeySlots.read(folder, null).rename("me");
    expect(readdirSync(folder)).toEqual(["vault.key"]);
  });
});

describe("Z1 keychains", () => {
  test("Z1 the twin keeps the contract", () => {
    const keychain = new MemoryKeychain();
    keychainContract(keychain);
    expect(keychain.entries.size).toBe(0);
  });

  const hasService =
    process.platform === "linux" &&
    spawnSync("gnome-keyring-daemon", ["--version"]).status === 0 &&
    spawnSync("dbus-run-session", ["--version"]).status === 0;

  test.skipIf(!hasService)("Z1 the system's keychain keeps it, and a vault's key", () => {
    const home = temporaryHome();
    const script = `printf secret | gnome-keyring-daemon --unlock --components=secrets >/dev/null
      exec "$0" "$1"`;
    const ran = spawnSync(
      "dbus-run-session",
      ["--", "sh", "-c", script, process.execPath, support("system-keychain-child.ts")],
      {
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home, TMPDIR: home },
      },
    );
    expect(ran.stdout, ran.stderr).toContain("store");
    expect(JSON.parse(ran.stdout)).toEqual({ store: "keychain", same: true, keyInFile: false });
  });
});
