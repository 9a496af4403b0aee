import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Agent } from "../../electron/daemon/agent.ts";
import type { Host } from "../../electron/daemon/host.ts";
import { exportAgent, restoreAgent } from "../../electron/daemon/move/backups.ts";
import { deleteAgent } from "../../electron/daemon/move/deletion.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { BackupSealer } from "../../electron/vault/backup/container.ts";
import { holds } from "../../electron/vault/hold-table.ts";
import { NEWEST_VERSION } from "../../electron/vault/schema.ts";
import { MemoryKeychain } from "../fakes/memory-keychain.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const PASSPHRASE = "correct horse battery";

/** A relay that can be away, and hosts that share it as machines do. */
class Machines {
  readonly folder = temporaryHome();
  private readonly store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
  private relay: RelayServer | null = null;
  private port = 0;

  static async start(): Promise<Machines> {
    const machines = new Machines();
    await machines.relayUp();
    onTestFinished(async () => {
      await machines.relayDown();
      await machines.store.close();
    });
    return machines;
  }

  async relayUp(): Promise<void> {
    this.relay = await startRelay({ store: this.store, port: this.port });
    this.port = this.relay.port;
  }

  async relayDown(): Promise<void> {
    await this.relay?.close();
    this.relay = null;
  }

  host(keychain: MemoryKeychain | null = null): Promise<Host> {
    const relayUrl = `http://127.0.0.1:${this.port}`;
    return startHost(temporaryHome(), { relayUrl, keychain });
  }
}

const count = (host: Host, name: string, table: string) =>
  host.agents.named(name).vault.sql(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n;
const asJson = (content: unknown) => Buffer.from(JSON.stringify(content), "utf8");
/** Messages of a vault whose texts an SQL expression makes. */
const fill = (me: Agent, n: number, text: string) =>
  me.vault
    .sql(
      `INSERT INTO message (id, direction, peer, role, text, auto, at)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})
       SELECT 'm' || i, 'local', 'me', 'agent', ${text}, 0, 1 FROM n`,
    )
    .run();
const left = (host: Host) => readdirSync(host.paths.agents, { recursive: true }).sort();

describe("L6 Z1 an agent moves with a backup", () => {
  test("L6 it lives on at the other machine: mail goes on, nothing is lost or doubled", async () => {
    const machines = await Machines.start();
    const [old, peers] = [await machines.host(), await machines.host()];
    const [me, friend] = [await old.agents.create("me"), await peers.agents.create("friend")];
    await until(old, () => me.relayIs === "online");
    await until(peers, () => friend.relayIs === "online");
    await me.relay.requestContact(friend.identity.cryptoId);
    await friend.relay.acceptContact(me.identity.cryptoId);
    const [mine, theirs] = [
      await liveSession(me, "claude:1"),
      await liveSession(friend, "claude:1"),
    ];
    await send(me, mine, friend.identity.cryptoId, "one");
    await until(peers, () => unread(friend, "claude:1").includes("one"));
    await send(friend, theirs, me.identity.cryptoId, "two");
    await send(friend, theirs, me.identity.cryptoId, "three", "claude:7");
    await until(old, () => unread(me, "claude:1").includes("two") && holds(me.vault).length === 1);
    await me.decided(me.decisions.setPolicy("broadcast"));

    await machines.relayDown();
    const queued = await send(me, mine, friend.identity.cryptoId, "four");
    const nowhere = await send(
      me,
      mine,
      (await old.agents.create("third")).identity.cryptoId,
      "five",
    );
    const out = join(machines.folder, "me.backup");
    const request = { wallet: "me", out, passphrase: PASSPHRASE };
    expect(await exportAgent(old, request)).toMatchObject({ name: "me", messages: 5 });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(readFileSync(out).includes("two")).toBe(false);
    await expect(exportAgent(old, request)).rejects.toMatchObject({ code: "bad_request" });
    await machines.relayUp();
    await until(peers, () => unread(friend, "claude:1").includes("four"));

    const here = await machines.host();
    const asked = { file: out, passphrase: PASSPHRASE, moveHere: false };
    const restored = await restoreAgent(here, asked);
    expect(restored).toMatchObject({
      name: "me",
      cryptoId: me.identity.cryptoId,
      messages: 5,
      queued: 1,
      notSent: 1,
      lease: { state: "elsewhere" },
    });
    await expect(restoreAgent(here, asked)).rejects.toMatchObject({ code: "wallet_exists" });
    const again = here.agents.named("me");
    expect(again.decisions.policy).toBe("broadcast");
    expect(unread(again, "claude:1")).toEqual(["two"]);
    expect(holds(again.vault).map((one) => one.text)).toEqual(["three"]);
    expect(again.sent(nowhere)).toMatchObject({
      state: "failed",
      problem: expect.stringMatching(/not known/),
    });

    // Moved: the old machine is refused, what waited goes out once, and the friend's mail is read.
    await again.moveHere();
    const session = await liveSession(again, "claude:1");
    await until(here, () => again.sent(queued).state !== "queued");
    const later = await send(friend, theirs, me.identity.cryptoId, "six");
    await until(here, () => unread(again, "claude:1").includes("six"));
    expect(await me.whereItLives()).toMatchObject({ state: "elsewhere" });
    await send(again, session, friend.identity.cryptoId, "seven");
    await until(peers, () => unread(friend, "claude:1").includes("seven"));
    expect(unread(friend, "claude:1")).toEqual(["one", "four", "seven"]);
    expect(unread(again, "claude:1").filter((text) => text === "six")).toEqual(["six"]);
    await until(peers, () => friend.sent(later).ladder.some((one) => one.rung === "received"));
  });

  test("Z1 everything but ratchets and prekeys is in it", async () => {
    const machines = await Machines.start();
    const old = await machines.host();
    const [me, other] = [await old.agents.create("me"), await old.agents.create("other")];
    const session = await liveSession(me, "claude:1");
    await until(old, () => me.relayIs === "online" && other.relayIs === "online");
    for (let i = 0; i < 1200; i++)
      await send(me, session, me.identity.cryptoId, `note ${i}`, "claude:1");
    await me.keysSettled();
    const out = join(machines.folder, "me.backup");
    await exportAgent(old, { wallet: "me", out, passphrase: PASSPHRASE });
    const here = await machines.host();
    const file = { file: out, passphrase: PASSPHRASE, moveHere: false };
    const { cryptoId } = await restoreAgent(here, file);
    for (const table of ["message", "delivery", "label", "policy", "setting"]) {
      expect([table, count(here, "me", table)]).toEqual([table, count(old, "me", table)]);
    }
    const ids = (host: Host) =>
      host.agents.named("me").vault.sql("SELECT seq, id, text, at FROM message ORDER BY seq").all();
    expect(ids(here)).toEqual(ids(old));
    expect(count(old, "me", "prekey")).toBeGreaterThan(0);
    // It lives elsewhere, so nothing was published from here either.
    for (const table of [
      "prekey",
      "signed_prekey",
      "ratchet_session",
      "sdk_prekey",
      "sdk_session",
    ]) {
      expect([table, count(here, "me", table)]).toEqual([table, 0]);
    }
    const keys = (host: Host) =>
      host.agents
        .get(cryptoId)
        .vault.sql("SELECT seed, registration_id AS id FROM agent")
        .get() as {
        seed: Uint8Array;
        id: number;
      };
    expect(Buffer.from(keys(here).seed)).toEqual(Buffer.from(keys(old).seed));
    expect(keys(here).id).not.toBe(keys(old).id);
    const page = { before: Number.MAX_SAFE_INTEGER, limit: 10 };
    expect(await here.agents.get(cryptoId).search.search("note 1199", page)).toHaveLength(1);
  });

  test.each([
    ["cannot be deflated", 300, "hex(randomblob(131000))"],
    ["become six times as long in JSON", 100, "replace(hex(zeroblob(131000)), '0', char(1))"],
  ])("L6 large texts that %s come back from a backup", async (_what, n, text) => {
    const machines = await Machines.start();
    const [old, here] = [await machines.host(), await machines.host()];
    const me = await old.agents.create("me");
    fill(me, n, text);
    const out = join(machines.folder, "me.backup");
    await exportAgent(old, { wallet: "me", out, passphrase: PASSPHRASE });
    const asked = { file: out, passphrase: PASSPHRASE, moveHere: false };
    expect(await restoreAgent(here, asked)).toMatchObject({ messages: n });
    const texts = (host: Host) =>
      host.agents.named("me").vault.sql("SELECT text FROM message ORDER BY seq").all();
    expect(texts(here)).toEqual(texts(old));
  });

  test("L6 a backup of an earlier version opens, though one part holds all of its large mail", async () => {
    const machines = await Machines.start();
    const here = await machines.host();
    const sealer = await BackupSealer.create(PASSPHRASE);
    const seed = Buffer.alloc(32, 7).toString("base64");
    const agent = { name: "me", seed, registrationId: 1, createdAt: 1 };
    const columns = ["id", "direction", "peer", "role", "text", "auto", "at"];
    const row = (text: string, i: number) => [`m${i}`, "local", "me", "agent", text, 0, 1];
    const random = Array.from({ length: 200 }, () => randomBytes(180_000).toString("base64"));
    const rows = [...random, ...Array(60).fill("\u0001".repeat(262_000))].map(row);
    const file = join(machines.folder, "me.backup");
    writeFileSync(
      file,
      Buffer.concat([
        sealer.header,
        sealer.part(asJson({ schema: NEWEST_VERSION, writtenAt: 1, agent }), false),
        sealer.part(asJson({ table: "message", columns, rows }), false),
        sealer.part(asJson({ messages: rows.length }), true),
      ]),
    );
    const asked = { file, passphrase: PASSPHRASE, moveHere: false };
    expect(await restoreAgent(here, asked)).toMatchObject({ messages: 260 });
  });

  test("L6 what no reader would open is not written", async () => {
    const machines = await Machines.start();
    const old = await machines.host();
    fill(await old.agents.create("me"), 1, "replace(hex(zeroblob(12000000)), '0', char(1))");
    const request = { wallet: "me", out: join(machines.folder, "b"), passphrase: PASSPHRASE };
    await expect(exportAgent(old, request)).rejects.toMatchObject({
      message: expect.stringMatching(/too large for a backup/),
    });
    expect(readdirSync(machines.folder)).toEqual([]);
  });

  test("Z1 a backup that is not as it was written leaves nothing behind", async () => {
    const machines = await Machines.start();
    const old = await machines.host();
    const me = await old.agents.create("me");
    const session = await liveSession(me, "claude:1");
    for (let i = 0; i < 40; i++)
      await send(me, session, me.identity.cryptoId, `note ${i}`, "claude:1");
    const out = join(machines.folder, "me.backup");
    await exportAgent(old, { wallet: "me", out, passphrase: PASSPHRASE });
    const whole = readFileSync(out);
    const keychain = new MemoryKeychain();
    const here = await machines.host(keychain);
    const attempt = (bytes: Uint8Array, passphrase = PASSPHRASE) => {
      const file = join(machines.folder, "attempt.backup");
      writeFileSync(file, bytes);
      return restoreAgent(here, { file, passphrase, moveHere: false });
    };
    const flipped = (at: number) => {
      const bytes = Buffer.from(whole);
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return bytes;
    };
    const body = whole.indexOf("\n") + 1;
    const unreadable = { code: "backup_unreadable", next: expect.stringMatching(/Nothing/) };
    for (const end of [whole.length - 1, whole.length - 40, body + 2, body]) {
      await expect(attempt(whole.subarray(0, end))).rejects.toMatchObject(unreadable);
    }
    for (const at of [body + 1, body + 60, whole.length - 5]) {
      await expect(attempt(flipped(at))).rejects.toMatchObject(unreadable);
    }
    await expect(attempt(Buffer.concat([whole, Buffer.from("x")]))).rejects.toMatchObject(
      unreadable,
    );
    const text = whole.toString("latin1");
    const newer = Buffer.from(text.replace('"version":1', '"version":2'), "latin1");
    await expect(attempt(newer)).rejects.toMatchObject({
      code: "backup_unreadable",
      message: expect.stringMatching(/newer version/),
    });
    const sealer = await BackupSealer.create(PASSPHRASE);
    const agent = { name: "me", seed: "A".repeat(43).concat("="), registrationId: 1, createdAt: 1 };
    const part = sealer.part(asJson({ schema: 10_000, writtenAt: 1, agent }), true);
    await expect(attempt(Buffer.concat([sealer.header, part]))).rejects.toMatchObject({
      message: expect.stringMatching(/newer version/),
    });
    await expect(attempt(whole, "another passphrase")).rejects.toMatchObject({
      code: "passphrase_wrong",
    });
    for (const none of [Buffer.from("no backup"), Buffer.from("{}\n"), Buffer.alloc(20_000)]) {
      await expect(attempt(none)).rejects.toMatchObject({ code: "bad_request" });
    }
    expect(here.agents.list()).toEqual([]);
    expect(left(here).filter((one) => one !== ".new")).toEqual([]);
    expect(keychain.entries.size).toBe(0);
    expect(await attempt(whole)).toMatchObject({ name: "me", messages: 40 });
  });
});

describe("Z1 deletion of an agent", () => {
  test("it asks for the name, spares live sessions, and leaves neither key nor assignment", async () => {
    const machines = await Machines.start();
    const keychain = new MemoryKeychain();
    const host = await machines.host(keychain);
    const [me, other] = [await host.agents.create("me"), await host.agents.create("other")];
    const { cryptoId } = me.identity;
    await until(host, () => me.relayIs === "online");
    const session = await liveSession(me, "claude:1");
    host.assignments.set("global", cryptoId, 1);
    host.assignments.set("project:/work", other.identity.cryptoId, 1);
    expect(keychain.entries.size).toBe(2);
    const request = { wallet: "me", confirm: "me", endSessions: false };
    await expect(deleteAgent(host, { ...request, confirm: "other" })).rejects.toMatchObject({
      code: "bad_request",
    });
    await expect(deleteAgent(host, request)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringContaining("claude:1"),
    });
    expect(me.sessions.get("claude:1")).toBe(session);
    expect(await deleteAgent(host, { ...request, endSessions: true })).toEqual({
      cardRemoved: true,
    });
    expect(host.agents.list().map((one) => one.identity.name)).toEqual(["other"]);
    expect(existsSync(join(host.paths.agents, cryptoId))).toBe(false);
    expect(left(host).some((one) => String(one).includes(cryptoId))).toBe(false);
    expect([...keychain.entries.keys()]).toEqual([other.identity.cryptoId]);
    expect(host.assignments.list()).toEqual([["project:/work", other.identity.cryptoId]]);
    expect(() => host.agents.named("me")).toThrow(
      expect.objectContaining({ code: "wallet_unknown" }),
    );
  });
});
