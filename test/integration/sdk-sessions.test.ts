import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import type { Ciphertext, PeerBundle } from "../../electron/ratchet/cipher.ts";
import { SdkCipher } from "../../electron/ratchet/sdk-cipher.ts";
import { makeSdkPrekeys } from "../../electron/ratchet/sdk-prekeys.ts";
import { MAX_SKIPPED_KEYS, SKIPPED_KEPT_MS } from "../../electron/ratchet/skipped-keys.ts";
import { RatchetUnit } from "../../electron/ratchet/unit-of-work.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** One end of the network's cipher over a real vault; each call commits its step. */
class End {
  readonly identity = drawIdentity("end");
  readonly vault: Vault;
  readonly cipher: SdkCipher;
  private readonly time: ManualTime;

  constructor(time: ManualTime) {
    this.time = time;
    const folder = join(temporaryHome(), "vault");
    mkdirSync(folder);
    this.vault = Vault.create(folder, randomBytes(32), {
      ...this.identity,
      createdAt: 0,
      epoch: 1,
    });
    this.cipher = new SdkCipher(this.identity, time);
    onTestFinished(() => this.vault.close());
  }

  async bundle(oneTimeKeys: number): Promise<PeerBundle> {
    const { seed } = this.identity;
    const { signed, oneTime } = await makeSdkPrekeys(
      this.vault,
      seed,
      oneTimeKeys,
      this.time.now(),
    );
    return { libsignal: null, sdk: { signedPreKey: signed, oneTimePreKey: oneTime[0] ?? null } };
  }

  async start(peer: End, bundle: PeerBundle): Promise<void> {
    const unit = new RatchetUnit(this.vault);
    await this.cipher.startSession(unit, peer.identity.cryptoId, bundle);
    await this.commit(unit);
  }

  async write(peer: End, text: string): Promise<Ciphertext> {
    return (await this.writeAll(peer, [text]))[0] as Ciphertext;
  }

  async writeAll(peer: End, texts: readonly string[]): Promise<Ciphertext[]> {
    const unit = new RatchetUnit(this.vault);
    const messages: Ciphertext[] = [];
    for (const text of texts) {
      const { cryptoId } = peer.identity;
      messages.push((await this.cipher.encrypt(unit, cryptoId, Buffer.from(text))).ciphertext);
    }
    await this.commit(unit);
    return messages;
  }

  async read(peer: End, message: Ciphertext): Promise<string> {
    const unit = new RatchetUnit(this.vault);
    const step = unit.child();
    const text = await this.cipher.decrypt(step, peer.identity.cryptoId, message);
    unit.merge(step);
    await this.commit(unit);
    return Buffer.from(text).toString();
  }

  /** Everything the vault keeps of the cipher. */
  state(): string {
    const tables = ["sdk_session", "sdk_skipped_key", "sdk_prekey", "sdk_handshake_seen"];
    return JSON.stringify(
      tables.map((table) => this.vault.sql(`SELECT * FROM ${table} ORDER BY 1, 2`).all()),
    );
  }

  count(table: string): number {
    return this.vault.sql(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n ?? 0;
  }

  private commit(unit: RatchetUnit): Promise<void> {
    return this.vault.write(() => unit.commit(this.time.now()));
  }
}

async function ends(oneTimeKeys = 1) {
  const time = new ManualTime();
  const [a, b] = [new End(time), new End(time)];
  const bundle = await b.bundle(oneTimeKeys);
  await a.start(b, bundle);
  return { time, a, b, bundle };
}

const numbered = (count: number, word: string) =>
  Array.from({ length: count }, (_, i) => `${word}${i}`);
const problem = (name: string) => expect.objectContaining({ problem: name });
const damaged = (message: Ciphertext): Ciphertext => {
  const bytes = Buffer.from(message.body, "base64");
  bytes[3] = (bytes[3] as number) ^ 1;
  return { ...message, body: bytes.toString("base64") };
};

describe("E3 sessions of the network's cipher in the vault", () => {
  test("D1 a step commits whole or not at all", async () => {
    const { a, b } = await ends();
    const first = await a.write(b, "one");
    const before = b.state();
    const dropped = new RatchetUnit(b.vault);
    await b.cipher.decrypt(dropped, a.identity.cryptoId, first);
    expect(b.state()).toBe(before);
    expect(await b.read(a, first)).toBe("one");
    expect(await a.read(b, await b.write(a, "two"))).toBe("two");
    // In one unit, step by step, as a page of mail is worked on.
    const page = [];
    for (const text of ["three", "four", "five"]) page.push(await a.write(b, text));
    const unit = new RatchetUnit(b.vault);
    for (const [index, message] of [...page].reverse().entries()) {
      const step = unit.child();
      const bad = b.cipher.decrypt(unit.child(), a.identity.cryptoId, damaged(message));
      await expect(bad).rejects.toThrow(problem("bad_mac"));
      const text = await b.cipher.decrypt(step, a.identity.cryptoId, message);
      unit.merge(step);
      expect(Buffer.from(text).toString()).toBe(["five", "four", "three"][index]);
    }
    await b.vault.write(() => unit.commit(0));
    expect(b.count("sdk_skipped_key")).toBe(0);
    expect(await b.read(a, await a.write(b, "six"))).toBe("six");
  });

  test("a one-time key goes when its first message was read, not before", async () => {
    const { a, b } = await ends();
    const first = await a.write(b, "one");
    const before = b.state();
    await expect(b.read(a, damaged(first))).rejects.toThrow(problem("bad_mac"));
    expect(b.state()).toBe(before);
    expect(await b.read(a, first)).toBe("one");
    const left = b.vault.sql("SELECT kind FROM sdk_prekey").all();
    expect(left).toEqual([{ kind: "signed" }]);
  });

  test.each([0, 1])("a repeated handshake changes nothing, with %i one-time keys", async (keys) => {
    const { a, b } = await ends(keys);
    const first = await a.write(b, "one");
    expect(await b.read(a, first)).toBe("one");
    expect(await a.read(b, await b.write(a, "two"))).toBe("two");
    expect(await b.read(a, await a.write(b, "three"))).toBe("three");
    const before = b.state();
    const error = await b.read(a, first).catch((thrown: unknown) => thrown);
    expect(b.cipher.isRepeated(error)).toBe(true);
    expect(b.state()).toBe(before);
    expect(await a.read(b, await b.write(a, "four"))).toBe("four");
  });

  test("a repeated message is told from one that cannot be read", async () => {
    const { a, b } = await ends();
    const [first, second] = [await a.write(b, "one"), await a.write(b, "two")];
    await b.read(a, first);
    await b.read(a, second);
    const before = b.state();
    const repeated = await b.read(a, second).catch((thrown: unknown) => thrown);
    expect(b.cipher.isRepeated(repeated)).toBe(true);
    const forged = await b.read(a, damaged(await a.write(b, "x"))).catch((e: unknown) => e);
    expect(b.cipher.isRepeated(forged)).toBe(false);
    expect(b.state()).toBe(before);
  });

  test("keys of missing messages are bounded, the oldest go first, and all in time", async () => {
    const { time, a, b } = await ends();
    await b.read(a, await a.write(b, "first"));
    const late: Ciphertext[] = [];
    for (let round = 0; round < 3; round++) {
      const missing = await a.writeAll(b, numbered(1000, `${round} `));
      late.push(missing[0] as Ciphertext, missing[500] as Ciphertext);
      time.advance(1000);
      await b.read(a, await a.write(b, "after the gap"));
    }
    expect(b.count("sdk_skipped_key")).toBe(MAX_SKIPPED_KEYS);
    await expect(b.read(a, late[0] as Ciphertext)).rejects.toThrow(problem("stale"));
    expect(await b.read(a, late[4] as Ciphertext)).toBe("2 0");
    time.advance(SKIPPED_KEPT_MS + 1000);
    await a.write(b, "lost");
    await b.read(a, await a.write(b, "much later"));
    expect(b.count("sdk_skipped_key")).toBe(1);
    const far = await a.writeAll(b, numbered(1001, "x"));
    await expect(b.read(a, await a.write(b, "too far"))).rejects.toThrow(
      problem("too_many_skipped"),
    );
    expect(await b.read(a, far[0] as Ciphertext)).toBe("x0");
  });

  test("former sessions are kept to read with: while fresh up to 64, and then four", async () => {
    const { time, a, b, bundle } = await ends(0);
    const messages: Ciphertext[] = [await a.write(b, "session 0")];
    const late = await a.write(b, "late");
    const begin = async (i: number) => {
      await a.start(b, bundle);
      messages.push(await a.write(b, `session ${i}`));
    };
    for (let i = 1; i < 60; i++) await begin(i);
    for (const [i, message] of messages.entries()) {
      expect(await b.read(a, message)).toBe(`session ${i}`);
    }
    expect(await b.read(a, late)).toBe("late");
    for (let i = 60; i < 70; i++) {
      await begin(i);
      expect(await b.read(a, messages[i] as Ciphertext)).toBe(`session ${i}`);
    }
    expect([a.count("sdk_session"), b.count("sdk_session")]).toEqual([64, 64]);
    time.advance(25 * 3600 * 1000);
    expect(await a.read(b, await b.write(a, "answer"))).toBe("answer");
    expect(await b.read(a, await a.write(b, "answered"))).toBe("answered");
    expect([a.count("sdk_session"), b.count("sdk_session")]).toEqual([4, 4]);
  });

  test("keys that are not the address's own are refused, and nothing is kept", async () => {
    const { time, a, b } = await ends();
    const mallory = new End(time);
    const foreign = await mallory.bundle(1);
    const before = a.state();
    await expect(a.start(b, foreign)).rejects.toMatchObject({ code: "peer_identity_mismatch" });
    await expect(a.start(b, { libsignal: null, sdk: null })).rejects.toMatchObject({
      code: "peer_unknown",
    });
    expect(a.state()).toBe(before);
  });
});
