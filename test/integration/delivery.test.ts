import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { insertControlJob } from "../../electron/vault/job-table.ts";
import { type DeliveryRow, unreadDeliveries } from "../../electron/vault/mail-table.ts";
import { markPushed } from "../../electron/vault/offer-table.ts";
import { encodeControl } from "../../shared/envelope/envelope.ts";
import { Bench, befriend, type Party } from "../support/agents.ts";

const DAY = 24 * 3600 * 1000;
const MINUTE = 60_000;
/** So long an ended session may come back, in ms. */
const GRACE = 2_000;

const stateOf = (party: Party, id: string) => party.agent.sent(id).state;
const rungsOf = (party: Party, id: string) => party.agent.sent(id).ladder.map((step) => step.rung);
const texts = (mail: readonly { text: string }[]) => mail.map((one) => one.text);

/** Lets the receiver's gathered receipts go, and waits until the sender knows. */
async function told(bench: Bench, sender: Party, id: string, rung: string): Promise<void> {
  bench.time.advance(300);
  await sender.until((agent) => agent.sent(id).ladder.some((step) => step.rung === rung));
}

describe("D6 truth about delivery", () => {
  test("each rung is claimed when it is known, and not before, with its time", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    await b.close();
    await bench.relayDown();

    const id = await a.send(writer, b, "hello", { toSession: "claude:2" });
    expect(a.agent.sent(id)).toMatchObject({ state: "queued", ladder: [{ rung: "queued" }] });

    // The relay has it; nobody fetched it.
    await bench.relayUp();
    bench.time.advance(MINUTE);
    await a.until((agent) => agent.sent(id).state === "relayed");
    expect(rungsOf(a, id)).toEqual(["queued", "relayed"]);

    // The other daemon has committed it; its receipt is withheld, so nothing more is claimed.
    await b.start();
    await b.until((agent) => agent.summary().holds === 1);
    expect(stateOf(a, id)).toBe("relayed");
    await told(bench, a, id, "held");
    expect(rungsOf(a, id)).toEqual(["queued", "relayed", "received", "held"]);

    const reader = await b.session("claude:2");
    expect(b.unread("claude:2")).toEqual(["hello"]);
    expect(stateOf(a, id)).toBe("held");
    await told(bench, a, id, "inbox");
    expect(a.agent.sent(id)).toMatchObject({ state: "inbox", toSession: "claude:2" });

    // Handed to a tool, not confirmed by the bridge: not read.
    const rows = b.vault.sql("SELECT id FROM delivery").all<{ id: number }>();
    expect(rows).toHaveLength(1);
    bench.time.advance(10_000);
    expect(stateOf(a, id)).toBe("inbox");
    expect(texts(await b.read(reader))).toEqual(["hello"]);
    expect(stateOf(a, id)).toBe("inbox");
    await told(bench, a, id, "read");
    expect(stateOf(a, id)).toBe("read");

    const answer = await b.send(reader, a, "yes", { toSession: "claude:1", inReplyTo: id });
    await a.until((agent) => agent.sent(id).state === "answered");
    expect(a.unread("claude:1")).toEqual(["yes"]);
    expect(rungsOf(a, id)).toEqual([
      "queued",
      "relayed",
      "received",
      "held",
      "inbox",
      "read",
      "answered",
    ]);
    const times = a.agent.sent(id).ladder.map((step) => Date.parse(step.at));
    expect(times).toEqual([...times].sort((x, y) => x - y));
    await told(bench, b, answer, "inbox");
    // Receipts are no mail: nobody's inbox holds one, and they are not acknowledged by receipts.
    expect(b.unread("claude:2")).toEqual([]);
    const jobs = () => a.vault.sql("SELECT count(*) AS n FROM job").get<{ n: number }>()?.n;
    // That the relay took the last receipts is noted with the next write, or by itself soon.
    await expect.poll(jobs).toBe(0);
  });

  test("a receipt about somebody else's message changes nothing", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const c = bench.party("c");
    await c.start();
    await befriend(a, c);
    const writer = await a.session("claude:1");
    await b.close();
    const id = await a.send(writer, b, "for b");
    await a.until((agent) => agent.sent(id).state === "relayed");
    // c claims to have read what was sent to b; then says something true, to see that it was heard.
    const own = await a.send(writer, c, "for c");
    const at = new Date(bench.time.now()).toISOString();
    const receipts = [{ id, rung: "read" as const, at, session: "claude:9" }];
    await c.vault.write(() =>
      insertControlJob(c.vault, {
        recipient: a.id,
        control: encodeControl({ kind: "receipts", receipts }),
        freshSession: false,
        at: bench.time.now(),
      }),
    );
    await c.until((agent) => agent.summary().holds === 1);
    await told(bench, a, own, "held");
    expect(stateOf(a, id)).toBe("relayed");
  });

  test("mail between sessions of one agent has the same ladder, with the relay away", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    await bench.relayDown();
    const one = await a.session("claude:1");
    const id = await a.send(one, a, "note", { toSession: "claude:2" });
    expect(stateOf(a, id)).toBe("held");
    const two = await a.session("claude:2");
    expect(stateOf(a, id)).toBe("inbox");
    await a.read(two);
    expect(stateOf(a, id)).toBe("read");
    await a.send(two, a, "thanks", { toSession: "claude:1", inReplyTo: id });
    expect(stateOf(a, id)).toBe("answered");
  });

  test("mail between sessions of one agent keeps every rung and its time, wherever it goes", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    const writer = await a.session("claude:1");
    const id = await a.send(writer, a, "note", { toSession: "claude:2" });
    const seen = [a.agent.sent(id).ladder];
    const further = async (rung: string | null, step: () => Promise<unknown>) => {
      bench.time.advance(MINUTE);
      await step();
      const { ladder } = a.agent.sent(id);
      expect(ladder.filter((one) => one.rung !== rung)).toEqual(seen.at(-1));
      seen.push(ladder);
    };
    let reader = await a.session("claude:3");
    const heldAgain = async () => {
      a.endSession(reader);
      bench.time.advance(GRACE);
      await a.until((agent) => agent.summary().holds === 1);
    };
    await further("inbox", async () => {
      reader = await a.session("claude:2");
    });
    const { delivery } = unreadDeliveries(a.vault, "claude:2", 1)[0] as DeliveryRow;
    const push = { delivery, whole: true, by: "channel" as const };
    await further("pushed", () =>
      a.vault.write(() => markPushed(a.vault, push, "claude:2", bench.time.now())),
    );
    await further(null, heldAgain);
    await further(null, async () => {
      reader = await a.session("claude:2");
    });
    await further(null, heldAgain);
    const hold = a.vault.sql("SELECT message FROM hold").get<{ message: number }>();
    await further(null, () => a.agent.mailroom.discard(hold?.message as number));
    expect(rungsOf(a, id)).toEqual(["queued", "held", "inbox", "pushed"]);
  });

  test("mail between sessions of one agent that was discarded was held, also when it is too late to undo", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    const writer = await a.session("claude:1");
    const id = await a.send(writer, a, "note", { toSession: "claude:2" });
    const held = a.agent.sent(id);
    const hold = a.vault.sql("SELECT message FROM hold").get<{ message: number }>();
    await a.agent.mailroom.discard(hold?.message as number);
    expect(a.agent.sent(id)).toEqual(held);
    bench.time.jump(31 * DAY);
    expect(await a.agent.mailroom.undiscard(hold?.message as number)).toBe(false);
    expect(a.agent.sent(id)).toEqual(held);
  });

  test("mail between sessions of one agent that its policy drops is refused, and says so", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    await a.start();
    const writer = await a.session("claude:1");
    await a.session("claude:2");
    await a.agent.decided(a.agent.decisions.setPolicy("drop"));
    const id = await a.send(writer, a, "to nobody in particular");
    expect(a.unread("claude:2")).toEqual([]);
    expect(a.agent.sent(id)).toMatchObject({
      state: "refused",
      ladder: [{ rung: "queued" }, { rung: "refused" }],
      problem: expect.stringContaining("no session in particular"),
    });
    // It is mail of this agent's own: nothing of it goes to the relay.
    expect(a.agent.summary().queued).toBe(0);
  });

  test("mail that the other side drops by its policy is refused, and says so", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    await b.session("claude:1");
    await b.agent.decided(b.agent.decisions.setPolicy("drop"));
    const id = await a.send(writer, b, "to nobody in particular");
    await b.until(() => b.vault.sql("SELECT 1 AS yes FROM message").get() !== undefined);
    await told(bench, a, id, "refused");
    expect(a.agent.sent(id)).toMatchObject({
      state: "refused",
      problem: expect.stringContaining("takes no such mail"),
    });
  });
});

describe("D3 sending", () => {
  test("a message that the relay never takes expires after 7 days, and not before", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    await bench.relayDown();
    const id = await a.send(writer, b, "late");
    await a.until((agent) => agent.sent(id).problem !== null);
    bench.time.advance(7 * DAY - MINUTE);
    await a.agent.drain();
    expect(stateOf(a, id)).toBe("queued");
    // Its time is over when it was tried after that, once more.
    for (let tries = 0; tries < 2; tries++) {
      bench.time.advance(MINUTE);
      await a.agent.drain();
    }
    expect(stateOf(a, id)).toBe("expired");
    expect(a.agent.sent(id).problem).toContain("7 days");
    expect(a.agent.summary().queued).toBe(0);
  });

  test("what has not left can be taken back, what may have left cannot", async () => {
    const bench = await Bench.start();
    const a = bench.party("a");
    const b = bench.party("b");
    await a.start();
    const writer = await a.session("claude:1");
    // b never published keys: nothing can be encrypted to it yet.
    const id = await a.send(writer, b, "never mind");
    await a.until((agent) => agent.sent(id).problem !== null);
    expect(await a.agent.cancel(id)).toMatchObject({ state: "cancelled" });
    await b.start();
    await befriend(a, b);
    bench.time.advance(MINUTE);
    const second = await a.send(writer, b, "this one");
    await b.until((agent) => agent.summary().holds === 1);
    const held = b.vault.sql("SELECT text FROM message").all();
    expect(held).toEqual([{ text: "this one" }]);
    await expect(a.agent.cancel(second)).rejects.toMatchObject({ code: "not_allowed" });
    await expect(a.agent.cancel("msg-unknown")).rejects.toMatchObject({ code: "bad_request" });
  });

  test("one blocked peer does not hold another up, and is served in order when it can be", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const c = bench.party("c");
    await c.start();
    const writer = await a.session("claude:1");
    const early: string[] = [];
    // c is no contact: its mail waits, and one request goes out.
    for (let i = 0; i < 6; i++) early.push(await a.send(writer, c, `early ${i}`));
    await a.send(writer, b, "meanwhile");
    await b.until((agent) => agent.summary().holds === 1);
    await bench.time.scheduled(250);
    bench.time.advance(250);
    await c.until((agent) => agent.summary().contactRequests.length === 1);
    expect(early.map((id) => stateOf(a, id))).toEqual(Array(6).fill("queued"));
    const reader = await c.session("claude:1");
    await c.agent.contacts.accept(a.id);
    bench.time.advance(2 * MINUTE);
    await c.until(() => c.unread("claude:1").length === 6);
    expect(texts(await c.read(reader))).toEqual([0, 1, 2, 3, 4, 5].map((i) => `early ${i}`));
  });

  test("an id that was used for another message is refused, the same message is sent once", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const writer = await a.session("claude:1");
    const id = await a.send(writer, b, "first");
    await a.send(writer, b, "first", { id });
    await expect(a.send(writer, b, "second", { id })).rejects.toMatchObject({
      code: "bad_request",
    });
    await b.until((agent) => agent.summary().holds > 0);
    await a.send(writer, b, "last");
    await b.until((agent) => agent.summary().holds > 1);
    const held = b.vault.sql("SELECT text FROM message ORDER BY seq").all<{ text: string }>();
    expect(texts(held)).toEqual(["first", "last"]);
  });
});

describe("D4 repair", () => {
  /** The receiver's ratchet with a peer is gone, as after a damaged vault. */
  const forgetSession = (party: Party, peer: Party) =>
    party.vault.write(() =>
      party.vault.sql("DELETE FROM ratchet_session WHERE peer = ?").run([peer.id]),
    );

  async function talk(bench: Bench) {
    const [a, b] = await bench.pair();
    const [writer, reader] = [await a.session("claude:1"), await b.session("claude:1")];
    await a.send(writer, b, "one");
    await b.until(() => b.unread("claude:1").length === 1);
    await b.send(reader, a, "two");
    await a.until(() => a.unread("claude:1").length === 1);
    await Promise.all([a.read(writer), b.read(reader)]);
    return { a, b, writer, reader };
  }

  test("a lost session heals by itself: what could not be read is sent again, once, marked late", async () => {
    const bench = await Bench.start();
    const { a, b, writer, reader } = await talk(bench);
    await forgetSession(b, a);
    const ids = [];
    for (const body of ["three", "four"]) ids.push(await a.send(writer, b, body));
    await b.until(() => b.unread("claude:1").length === 2);
    const got = await b.read(reader);
    expect(got.map(({ text, late }) => [text, late])).toEqual([
      ["three", true],
      ["four", true],
    ]);
    expect(b.agent.summary().undecryptable).toBe(0);
    await told(bench, a, ids[1] as string, "read");
    expect(ids.map((id) => stateOf(a, id))).toEqual(["read", "read"]);
    // Both directions work on the new session.
    await a.send(writer, b, "five");
    await b.send(reader, a, "six");
    await Promise.all([
      b.until(() => b.unread("claude:1").length === 1),
      a.until(() => a.unread("claude:1").length === 1),
    ]);
    expect([b.unread("claude:1"), a.unread("claude:1")]).toEqual([["five"], ["six"]]);
  });

  test("R1 what was refused or discarded is told again as such after its receipts were lost", async () => {
    const bench = await Bench.start();
    const { a, b, writer } = await talk(bench);
    await b.agent.decided(b.agent.decisions.setPolicy("drop"));
    const held = await a.send(writer, b, "for nine", { toSession: "claude:9" });
    await b.until((agent) => agent.summary().holds === 1);
    const hold = b.vault.sql("SELECT message FROM hold").get<{ message: number }>();
    await b.agent.mailroom.discard(hold?.message as number);
    const refused = await a.send(writer, b, "unwanted");
    await b.until(() => b.vault.sql("SELECT 1 FROM refused").get() !== undefined);
    await forgetSession(a, b);
    bench.time.advance(300);
    const repairs = "SELECT 1 FROM activity WHERE kind = 'repair_answered'";
    await b.until(() => b.vault.sql(repairs).get() !== undefined);
    await told(bench, a, refused, "received");
    expect([stateOf(a, held), stateOf(a, refused)]).toEqual(["held", "refused"]);
  });

  test("both sides without their sessions heal too", async () => {
    const bench = await Bench.start();
    const { a, b, writer, reader } = await talk(bench);
    await Promise.all([forgetSession(a, b), forgetSession(b, a)]);
    await Promise.all([a.send(writer, b, "from a"), b.send(reader, a, "from b")]);
    await Promise.all([
      b.until(() => b.unread("claude:1").length === 1),
      a.until(() => a.unread("claude:1").length === 1),
    ]);
    expect([b.unread("claude:1"), a.unread("claude:1")]).toEqual([["from a"], ["from b"]]);
  });

  test("a peer is asked once in five minutes; what came meanwhile is asked for then", async () => {
    const bench = await Bench.start();
    const { a, b, writer, reader } = await talk(bench);
    await forgetSession(b, a);
    await a.send(writer, b, "three");
    await b.until(() => b.unread("claude:1").length === 1);
    await b.read(reader);
    bench.time.advance(MINUTE);
    await forgetSession(b, a);
    await a.send(writer, b, "four");
    await b.until((agent) => agent.summary().undecryptable === 1);
    bench.time.advance(3 * MINUTE);
    expect(b.unread("claude:1")).toEqual([]);
    bench.time.advance(MINUTE);
    await b.until(() => b.unread("claude:1").length === 1);
    expect(b.unread("claude:1")).toEqual(["four"]);
    expect(b.agent.summary().undecryptable).toBe(0);
  });

  test("D4 what was sent 8 days before its repair is sent again, too", async () => {
    const bench = await Bench.start();
    const { a, b, writer } = await talk(bench);
    await forgetSession(b, a);
    await b.close();
    const id = await a.send(writer, b, "while you were away");
    await a.until((agent) => agent.sent(id).state === "relayed");
    bench.time.jump(8 * DAY);
    await b.start();
    await b.session("claude:1");
    await b.until((agent) => agent.summary().unread === 1);
    expect(b.unread("claude:1")).toEqual(["while you were away"]);
    expect(b.agent.summary().undecryptable).toBe(0);
    await told(bench, a, id, "inbox");
  });

  test("a request that names nothing we sent does nothing", async () => {
    const bench = await Bench.start();
    const { a, b, writer, reader } = await talk(bench);
    await b.close();
    const id = await a.send(writer, b, "pending");
    await a.until((agent) => agent.sent(id).state === "relayed");
    const c = bench.party("c");
    await c.start();
    await befriend(a, c);
    const envelope = a.vault
      .sql("SELECT envelope_id AS id FROM outgoing ORDER BY message DESC LIMIT 1")
      .get<{ id: string }>()?.id as string;
    const stateBefore = JSON.stringify(a.vault.sql("SELECT * FROM ratchet_session").all());
    const forged = encodeControl({ kind: "repair", envelopes: [envelope, "env-none"] });
    await c.vault.write(() =>
      insertControlJob(c.vault, {
        recipient: a.id,
        control: forged,
        freshSession: true,
        at: bench.time.now(),
      }),
    );
    const other = await c.session("claude:1");
    await c.send(other, a, "after the forged one");
    await a.until(() => a.unread("claude:1").length === 1);
    expect(a.vault.sql("SELECT count(*) AS n FROM job").get()).toEqual({ n: 0 });
    const stateAfter = a.vault.sql("SELECT * FROM ratchet_session WHERE peer = ?").all([b.id]);
    expect(JSON.stringify(stateAfter)).toBe(stateBefore);
    await b.start();
    await b.session("claude:1");
    await b.until(() => b.unread("claude:1").length === 1);
    expect(b.unread("claude:1")).toEqual(["pending"]);
    expect(reader.label).toBe("claude:1");
  });

  test("what was damaged on its way from the relay is fetched again, in order, unnoticed", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    await b.close();
    let damaged = 0;
    b.wrap = (relay) => damaging(relay, () => damaged++ < 2);
    const writer = await a.session("claude:1");
    for (const body of ["one", "two", "three"]) await a.send(writer, b, body);
    await a.until((agent) => agent.summary().queued === 0);
    await b.start();
    const reader = await b.session("claude:1");
    await b.until(() => b.unread("claude:1").length === 3);
    const got = await b.read(reader);
    expect(got.map(({ text, late }) => [text, late])).toEqual([
      ["one", false],
      ["two", false],
      ["three", false],
    ]);
    expect(damaged).toBeGreaterThan(2);
    expect(b.agent.summary().undecryptable).toBe(0);
  });

  test("what stays unreadable is kept with its reason and counted, and holds nobody up", async () => {
    const bench = await Bench.start();
    const { a, b, writer, reader } = await talk(bench);
    const junk = {
      id: "env-junk",
      from: a.identity.address,
      to: b.identity.address,
      timestamp: new Date(bench.time.now()).toISOString(),
      deviceId: 1,
      type: "CIPHERTEXT" as const,
      body: randomBytes(300).toString("base64"),
      suite: "libsignal" as const,
    };
    expect(await a.agent.relay.put([junk])).toMatchObject([{ accepted: true }]);
    await a.send(writer, b, "after it");
    await b.until(() => b.unread("claude:1").length === 1);
    expect(texts(await b.read(reader))).toEqual(["after it"]);
    expect(b.agent.summary().undecryptable).toBe(1);
    const row = b.vault.sql("SELECT sender, reason FROM quarantine").get<{ reason: string }>();
    expect(row).toMatchObject({ sender: a.id, reason: expect.stringMatching(/\w/) });
    expect((await b.agent.relay.list(10)).envelopes).toEqual([]);
  });
});

/** A way from the relay that flips a bit of the first ciphertext while `now()` says so. */
function damaging(relay: RelayTransport, now: () => boolean): RelayTransport {
  let flips = 0;
  return new Proxy(relay, {
    get(target, name) {
      if (name !== "list") {
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (limit: number) => {
        const page = await target.list(limit);
        const [first, ...rest] = page.envelopes;
        if (!first || !now()) return page;
        const bytes = Buffer.from(first.body, "base64");
        // Damage is never twice the same.
        bytes.writeUInt8(
          bytes.readUInt8(bytes.length - 1) ^ (1 << (flips++ % 8)),
          bytes.length - 1,
        );
        return { ...page, envelopes: [{ ...first, body: bytes.toString("base64") }, ...rest] };
      };
    },
  });
}

describe("E2 prekeys", () => {
  const ids = (party: Party, table: string) =>
    party.vault
      .sql(`SELECT id FROM ${table} ORDER BY id`)
      .all<{ id: number }>()
      .map((row) => row.id);

  test("signed keys rotate every 2 days; a first message on an old one is still read", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const reader = await b.session("claude:1");
    const first = ids(b, "signed_prekey");
    const old = await a.agent.relay.fetchBundle(b.identity.address);
    await a.close();
    const days = async (count: number) => {
      for (let day = 0; day < count; day++) {
        await bench.time.scheduled(30_000);
        bench.time.jump(DAY - 30_000);
        bench.time.advance(30_000);
        await b.agent.keysSettled();
      }
    };
    await days(5);
    expect(ids(b, "signed_prekey").length).toBeGreaterThan(first.length);
    const now = await b.agent.relay.fetchBundle(b.identity.address);
    const idOf = (bundle: typeof old) => bundle?.libsignal?.signedPreKey.id ?? 0;
    expect(idOf(now)).toBeGreaterThan(idOf(old));
    expect(ids(b, "signed_prekey")).toContain(idOf(old));
    // a holds the old bundle and writes its first message on it.
    a.wrap = (relay) =>
      new Proxy(relay, {
        get: (target, name) => {
          if (name === "fetchBundle") return async () => old;
          const value = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    await a.start();
    const writer = await a.session("claude:1");
    await a.send(writer, b, "on the old key");
    await b.until(() => b.unread("claude:1").length === 1);
    expect(texts(await b.read(reader))).toEqual(["on the old key"]);
    // Kept 30 days after it was replaced, then forgotten.
    await a.close();
    await days(34);
    expect(ids(b, "signed_prekey")).not.toContain(idOf(old));
    expect(ids(b, "signed_prekey").length).toBeLessThan(20);
  });

  test("one-time keys are topped up below 20 of 100", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const full = {
      libsignal: { preKeyCount: 100, kyberPreKeyCount: 100 },
      sdk: { signedPreKeyId: expect.stringMatching(/^spk_/), oneTimePreKeyCount: 100 },
    };
    expect(await b.agent.relay.keyHealth()).toEqual(full);
    for (let i = 0; i < 81; i++) await a.agent.relay.fetchBundle(b.identity.address);
    const writer = await a.session("claude:1");
    await a.send(writer, b, "uses one up");
    await b.until((agent) => agent.summary().holds === 1);
    await b.agent.keysSettled();
    expect(await b.agent.relay.keyHealth()).toEqual(full);
  });

  test("E1 two first messages at once end with one working session", async () => {
    const bench = await Bench.start();
    const [a, b] = await bench.pair();
    const [left, right] = [await a.session("claude:1"), await b.session("claude:1")];
    await Promise.all([a.send(left, b, "from a"), b.send(right, a, "from b")]);
    await Promise.all([
      a.until(() => a.unread("claude:1").length === 1),
      b.until(() => b.unread("claude:1").length === 1),
    ]);
    for (let i = 0; i < 5; i++) {
      await Promise.all([a.send(left, b, `a ${i}`), b.send(right, a, `b ${i}`)]);
      await Promise.all([
        a.until(() => a.unread("claude:1").length === i + 2),
        b.until(() => b.unread("claude:1").length === i + 2),
      ]);
    }
    expect([a, b].map((one) => one.agent.summary().undecryptable)).toEqual([0, 0]);
    expect(a.unread("claude:1")).toEqual(["from b", "b 0", "b 1", "b 2", "b 3", "b 4"]);
  });
});
