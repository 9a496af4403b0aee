import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import type { Ciphertext } from "../../electron/ratchet/cipher.ts";
import { makePrekeys } from "../../electron/ratchet/prekeys.ts";
import { Ratchet } from "../../electron/ratchet/ratchet.ts";
import type { RatchetThread } from "../../electron/ratchet/ratchet-thread.ts";
import { RatchetUnit } from "../../electron/ratchet/unit-of-work.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { Bench } from "../support/agents.ts";
import { ManualTime } from "../support/manual-time.ts";
import { loadedThread, untilLoaded } from "../support/ratchet-thread.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const TEXTS = Array.from({ length: 40 }, (_, i) => `message ${i}`);
const BYTES = TEXTS.map((text) => Buffer.from(text));
const readable = (bytes: readonly Uint8Array[]) => bytes.map((one) => Buffer.from(one).toString());

/** One end of a session: an agent's ratchet with the thread, and its vault. */
async function end(name: string, thread: RatchetThread) {
  const identity = drawIdentity(name);
  const folder = join(temporaryHome(), name);
  mkdirSync(folder);
  const vault = Vault.create(folder, randomBytes(32), { ...identity, createdAt: 0, epoch: 1 });
  onTestFinished(() => vault.close());
  const upload = await makePrekeys(vault, identity, { preKeys: 1, kyberPreKeys: 1 }, 0);
  const ratchet = new Ratchet(identity, thread);
  const step = async <T>(work: (unit: RatchetUnit) => Promise<T>): Promise<T> => {
    const unit = new RatchetUnit(vault);
    const result = await work(unit);
    await vault.write(() => unit.commit(1));
    return result;
  };
  return { id: identity.cryptoId, vault, upload, ratchet, step };
}

/** Two ends of a session in which both have written, and the loaded thread of both. */
async function session() {
  const time = new ManualTime();
  const thread = await loadedThread(time);
  const [a, b] = [await end("a", thread), await end("b", thread)];
  const { preKeys, kyberPreKeys, kyberLastResort: _, ...rest } = b.upload;
  const [preKey = null, kyberPreKey] = [preKeys[0], kyberPreKeys[0]];
  if (!kyberPreKey) throw new Error("no key was made");
  const bundle = { libsignal: { ...rest, preKey, kyberPreKey }, sdk: null };
  await a.step((unit) => a.ratchet.startSession(unit, b.id, bundle));
  const first = await a.step((unit) => a.ratchet.encrypt(unit, b.id, Buffer.from("first")));
  await b.step((unit) => b.ratchet.decrypt(unit, a.id, first.ciphertext));
  const back = await b.step((unit) => b.ratchet.encrypt(unit, a.id, Buffer.from("back")));
  await a.step((unit) => a.ratchet.decrypt(unit, b.id, back.ciphertext));
  const seal = async () => {
    const sealed = await a.step((unit) => a.ratchet.encryptAhead(unit, b.id, BYTES));
    return sealed.map((one) => one.ciphertext);
  };
  return { time, thread, a, b, seal };
}

test("D1 a batch in the thread is the same steps: what follows goes on from it on either thread", async () => {
  const { a, b, seal } = await session();
  const sealed = await seal();
  expect(sealed).toHaveLength(TEXTS.length);
  const after = await a.step((unit) => a.ratchet.encrypt(unit, b.id, Buffer.from("after")));
  // A step that was not committed has not happened.
  await b.ratchet.decryptAhead(new RatchetUnit(b.vault), a.id, sealed);
  const half = sealed.slice(0, 20);
  const opened = await b.step((unit) => b.ratchet.decryptAhead(unit, a.id, half));
  expect(readable(opened)).toEqual(TEXTS.slice(0, 20));
  for (const [index, ciphertext] of sealed.slice(20).entries()) {
    const one = await b.step((unit) => b.ratchet.decrypt(unit, a.id, ciphertext));
    expect(readable([one])).toEqual([TEXTS[20 + index]]);
  }
  const last = await b.step((unit) => b.ratchet.decrypt(unit, a.id, after.ciphertext));
  expect(readable([last])).toEqual(["after"]);
});

test("D1 within one unit of work a batch and single steps build on each other", async () => {
  const { a, b, seal } = await session();
  const sealed = await seal();
  const texts = await b.step(async (unit) => {
    const ahead = await b.ratchet.decryptAhead(unit, a.id, sealed.slice(0, 10));
    const step = unit.child();
    const single = await b.ratchet.decrypt(step, a.id, sealed[10] as Ciphertext);
    unit.merge(step);
    return [...ahead, single, ...(await b.ratchet.decryptAhead(unit, a.id, sealed.slice(11)))];
  });
  expect(readable(texts)).toEqual(TEXTS);
});

test("D1 a batch ends before what cannot be decrypted, which says so on its own", async () => {
  const { a, b, seal } = await session();
  const sealed = await seal();
  const seventh = sealed[7] as Ciphertext;
  const damaged = { ...seventh, body: `${seventh.body.slice(0, -8)}AAAAAAA=` };
  const unit = new RatchetUnit(b.vault);
  const opened = await b.ratchet.decryptAhead(unit, a.id, sealed.with(7, damaged));
  expect(readable(opened)).toEqual(TEXTS.slice(0, 7));
  await expect(b.ratchet.decrypt(unit.child(), a.id, damaged)).rejects.toThrow();
  expect(readable([await b.ratchet.decrypt(unit, a.id, seventh)])).toEqual([TEXTS[7]]);
  await b.vault.write(() => unit.commit(1));
  // Known keys are no new messages in the thread either.
  expect(await b.ratchet.decryptAhead(new RatchetUnit(b.vault), a.id, sealed)).toEqual([]);
  const again = b.ratchet.decrypt(new RatchetUnit(b.vault), a.id, sealed[0] as Ciphertext);
  expect(b.ratchet.isRepeated(await again.catch((error) => error))).toBe(true);
});

test("a first message of a session is not for the thread, nor a peer without one", async () => {
  const { a, b, seal } = await session();
  const first: Ciphertext = { type: "PREKEY_BUNDLE", body: "AAAA" };
  const unit = new RatchetUnit(b.vault);
  const sealed = await seal();
  expect(await b.ratchet.decryptAhead(unit, a.id, [first, ...sealed])).toEqual([]);
  const until = await b.ratchet.decryptAhead(unit, a.id, [...sealed.slice(0, 5), first]);
  expect(readable(until)).toEqual(TEXTS.slice(0, 5));
  const nobody = drawIdentity("nobody").cryptoId;
  expect(await b.ratchet.encryptAhead(unit, nobody, BYTES)).toEqual([]);
  expect(await b.ratchet.decryptAhead(unit, nobody, sealed)).toEqual([]);
});

test("the thread begins for a large batch, ends when nothing was asked for a while, and begins again", async () => {
  const { time, thread, seal } = await session();
  await seal();
  time.advance(30_000);
  // It was asked since the last look.
  expect(thread.takes(4)).toBe(true);
  expect(thread.takes(3)).toBe(false);
  time.advance(30_000);
  expect(thread.takes(15)).toBe(false);
  // The batch that begins it is not its own yet.
  expect(await seal()).toEqual([]);
  await untilLoaded(thread);
  expect(await seal()).toHaveLength(TEXTS.length);
});

test("D1 a thread that breaks leaves everything to be done without it", async () => {
  const { thread, a, b } = await session();
  const unit = new RatchetUnit(a.vault);
  const before = unit.sessionBytes(b.id);
  const cut = a.ratchet.encryptAhead(unit, b.id, BYTES);
  const { worker } = thread as unknown as { worker: { terminate(): Promise<number> } };
  await worker.terminate();
  // Either it had answered, or nothing of it happened.
  const sealed = (await cut).map((one) => one.ciphertext);
  if (sealed.length === 0) expect(unit.sessionBytes(b.id)).toEqual(before);
  const single = await a.ratchet.encrypt(unit, b.id, Buffer.from("single"));
  await a.vault.write(() => unit.commit(1));
  expect(await a.ratchet.encryptAhead(new RatchetUnit(a.vault), b.id, BYTES.slice(0, 15))).toEqual(
    [],
  );
  const read = await b.step((unit) => b.ratchet.decrypt(unit, a.id, single.ciphertext));
  expect(readable([read])).toEqual(["single"]);
});

test("D1 mail by batches arrives once and in order, what is damaged on its way too", async () => {
  const bench = await Bench.start();
  const thread = await loadedThread(bench.time);
  bench.ratchetThread = thread;
  const asked = { encrypt: 0, decrypt: 0 };
  const { encrypt, decrypt } = thread;
  thread.encrypt = (start, plaintexts) => {
    asked.encrypt += plaintexts.length;
    return encrypt.call(thread, start, plaintexts);
  };
  thread.decrypt = (start, bodies) => {
    asked.decrypt += bodies.length;
    return decrypt.call(thread, start, bodies);
  };
  const [a, b] = await bench.pair();
  const [from, to] = [await a.session("claude:1"), await b.session("claude:1")];
  const back = await b.send(to, a, "begin", { toSession: "claude:1" });
  await a.until((agent) => agent.summary().unread === 1);
  expect((await a.read(from)).map((one) => one.id)).toEqual([back]);
  await a.agent.drain();
  await b.agent.drain();
  // The mailbox fills while nobody looks, and its middle comes damaged once.
  const list = b.agent.relay.list.bind(b.agent.relay);
  let damaged = false;
  b.agent.relay.list = async (limit) => {
    const page = await list(limit);
    const middle = page.envelopes[Math.floor(page.envelopes.length / 2)];
    if (damaged || !middle || page.envelopes.length < 30) return page;
    damaged = true;
    const envelopes = page.envelopes.map((one) =>
      one === middle ? { ...one, body: `${one.body.slice(0, -8)}AAAAAAA=` } : one,
    );
    return { ...page, envelopes };
  };
  const sent = await Promise.all(
    TEXTS.map((text) => a.send(from, b, text, { toSession: "claude:1" })),
  );
  await a.agent.drain();
  await b.until((agent) => agent.summary().unread === sent.length);
  expect((await b.read(to)).map((one) => one.text)).toEqual(TEXTS);
  expect(b.agent.summary().undecryptable).toBe(0);
  expect(asked.encrypt).toBeGreaterThan(0);
  expect(asked.decrypt).toBeGreaterThan(0);
});

test("D4 what cannot be read in a batch is kept, and costs none of the mail around it", async () => {
  const bench = await Bench.start();
  const thread = await loadedThread(bench.time);
  bench.ratchetThread = thread;
  const [a, b] = await bench.pair();
  const [from, to] = [await a.session("claude:1"), await b.session("claude:1")];
  await b.send(to, a, "begin", { toSession: "claude:1" });
  await a.until((agent) => agent.summary().unread === 1);
  await a.read(from);
  await a.agent.drain();
  await b.agent.drain();
  // A peer that encrypts what is no message at all, in the middle of others.
  const { encrypt } = thread;
  let replaced = 0;
  thread.encrypt = (start, plaintexts) => {
    const here = replaced === 0 && plaintexts.length >= 30;
    if (here) replaced++;
    const texts = here ? plaintexts.with(9, Buffer.from([0xff, 0xfe])) : plaintexts;
    return encrypt.call(thread, start, texts);
  };
  await Promise.all(TEXTS.map((text) => a.send(from, b, text, { toSession: "claude:1" })));
  await a.agent.drain();
  const others = TEXTS.filter((_, index) => index !== 9);
  await b.until((agent) => agent.summary().unread === others.length);
  expect(replaced).toBe(1);
  expect((await b.read(to)).map((one) => one.text)).toEqual(others);
  expect(b.agent.summary().undecryptable).toBe(1);
});
