import { createHash, randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PublicKey } from "@signalapp/libsignal-client";
import { describe, expect, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import type { LibsignalKeys, PeerBundle } from "../../electron/ratchet/cipher.ts";
import { identityFromSeed, identityKeyOf } from "../../electron/ratchet/identity.ts";
import { makePrekeys, type PrekeyUpload } from "../../electron/ratchet/prekeys.ts";
import { Ratchet } from "../../electron/ratchet/ratchet.ts";
import { RatchetUnit } from "../../electron/ratchet/unit-of-work.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { temporaryHome } from "../support/temporary-home.ts";

async function party(name: string) {
  const identity = drawIdentity(name);
  const folder = join(temporaryHome(), name);
  mkdirSync(folder);
  const key = randomBytes(32);
  const vault = Vault.create(folder, key, { ...identity, createdAt: 0, epoch: 1 });
  const upload = await makePrekeys(vault, identity, { preKeys: 2, kyberPreKeys: 2 }, 0);
  return { identity, folder, key, vault, upload, ratchet: new Ratchet(identity) };
}

function bundleOf(upload: PrekeyUpload): PeerBundle {
  const { kyberLastResort, preKeys, kyberPreKeys, ...rest } = upload;
  const preKey = preKeys[0] ?? null;
  const kyberPreKey = kyberPreKeys[0] ?? kyberLastResort;
  return { libsignal: { ...rest, preKey, kyberPreKey }, sdk: null };
}

describe("E1 an address fixes its identity key", () => {
  test("what a seed gives equals what its address gives", () => {
    for (let i = 0; i < 20; i++) {
      const { seed, cryptoId, address } = drawIdentity("x");
      const own = identityFromSeed(seed).getPublicKey();
      expect(own.equals(identityKeyOf(cryptoId))).toBe(true);
      expect(own.equals(identityKeyOf(address))).toBe(true);
    }
  });

  test("a bundle with another identity key is refused and stages nothing", async () => {
    const [alice, bob, mallory] = [await party("a"), await party("b"), await party("m")];
    const unit = new RatchetUnit(alice.vault);
    const { identityKey } = mallory.upload;
    const genuine = { ...bundleOf(bob.upload).libsignal } as LibsignalKeys;
    const false_ = { libsignal: { ...genuine, identityKey }, sdk: null };
    await expect(
      alice.ratchet.startSession(unit, bob.identity.cryptoId, false_),
    ).rejects.toMatchObject({ code: "peer_identity_mismatch" });
    expect(alice.ratchet.hasSession(unit, bob.identity.cryptoId)).toBe(false);
    expect(PublicKey.deserialize(Buffer.from(bob.upload.identityKey, "base64"))).toBeDefined();
    for (const one of [alice, bob, mallory]) one.vault.close();
  });
});

describe("D1 a ratchet step commits whole or not at all", () => {
  test("both ways, and a step that was not committed can be repeated", async () => {
    const [alice, bob] = [await party("a"), await party("b")];
    const send = new RatchetUnit(alice.vault);
    await alice.ratchet.startSession(send, bob.identity.cryptoId, bundleOf(bob.upload));
    const { ciphertext: first } = await alice.ratchet.encrypt(
      send,
      bob.identity.cryptoId,
      Buffer.from("one"),
    );
    await alice.vault.write(() => send.commit(1));
    expect(first.type).toBe("PREKEY_BUNDLE");
    const read = async (unit: RatchetUnit) =>
      Buffer.from(await bob.ratchet.decrypt(unit, alice.identity.cryptoId, first)).toString();
    // The crash between decrypting and committing: the second attempt sees the same state.
    expect(await read(new RatchetUnit(bob.vault))).toBe("one");
    const again = new RatchetUnit(bob.vault);
    expect(await read(again)).toBe("one");
    await bob.vault.write(() => again.commit(1));
    await expect(read(new RatchetUnit(bob.vault))).rejects.toThrow();

    const answer = new RatchetUnit(bob.vault);
    const { ciphertext: back } = await bob.ratchet.encrypt(
      answer,
      alice.identity.cryptoId,
      Buffer.from("two"),
    );
    expect(back.type).toBe("CIPHERTEXT");
    const state = () =>
      createHash("sha256")
        .update(JSON.stringify(alice.vault.sql("SELECT * FROM ratchet_session").all()))
        .digest("hex");
    const before = state();
    const failing = new RatchetUnit(alice.vault);
    const step = failing.child();
    const damaged = { ...back, body: `${back.body.slice(0, -8)}AAAAAAA=` };
    await expect(alice.ratchet.decrypt(step, bob.identity.cryptoId, damaged)).rejects.toThrow();
    await alice.vault.write(() => failing.commit(2));
    expect(state()).toBe(before);
    for (const one of [alice, bob]) one.vault.close();
  });
});

describe("L1 epochs", () => {
  test("a vault whose owner changed refuses the old one's writes", async () => {
    const one = await party("a");
    const next = Vault.open(one.folder, one.key, 2);
    await expect(one.vault.write(() => 1)).rejects.toMatchObject({ code: "host_running" });
    expect(await next.write(() => 2)).toBe(2);
    next.close();
    one.vault.close();
    expect(() => Vault.open(one.folder, one.key, 1)).toThrow(/owner/);
    expect(() => Vault.open(one.folder, randomBytes(32), 3)).toThrow(/cannot be opened/);
  });

  test("the lock is held once, and its epoch grows", () => {
    const path = join(temporaryHome(), "owner.lock");
    const first = acquireOwnerLock(path);
    expect(acquireOwnerLock(path)).toBeNull();
    first?.release();
    const second = acquireOwnerLock(path);
    expect(second?.epoch).toBeGreaterThan(first?.epoch ?? 0);
    second?.release();
  });
});

test("D1 group commit: one failing write undoes itself alone", async () => {
  const { vault } = await party("a");
  const insert = (id: number) =>
    vault.write(() => {
      vault
        .sql("INSERT INTO prekey (id, record, created_at) VALUES (?, ?, 0)")
        .run([id, Buffer.of(1)]);
      if (id === 1002) throw new Error("refused");
      return id;
    });
  const results = await Promise.allSettled([insert(1001), insert(1002), insert(1003)]);
  expect(results.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  const rows = vault.sql("SELECT id FROM prekey WHERE id > 1000 ORDER BY id").all<{ id: number }>();
  expect(rows.map((row) => row.id)).toEqual([1001, 1003]);
  vault.close();
});
