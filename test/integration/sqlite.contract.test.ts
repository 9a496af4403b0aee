import { randomBytes } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  insertDelivery,
  insertMessage,
  type NewMessage,
  removeDelivery,
} from "../../electron/vault/mail-table.ts";
import { migrate } from "../../electron/vault/schema.ts";
import type { Database } from "../../electron/vault/sqlite.ts";
import { BINDINGS, type Binding, runOn } from "../support/sqlite-bindings.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/**
 * One contract over both SQLite bindings, through the product's own modules: `better-sqlite3` as it is
 * installed, and in its place `@signalapp/sqlcipher`, as the bundle for the older Electron has it.
 */
async function modulesOver(binding: Binding) {
  runOn(binding);
  return {
    sqlite: await import("../../electron/vault/sqlite.ts"),
    commit: await import("../../electron/vault/group-commit.ts"),
    vault: await import("../../electron/vault/vault.ts"),
  };
}
type Modules = Awaited<ReturnType<typeof modulesOver>>;

const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);
const AGENT = { name: "me", seed: new Uint8Array(32).fill(3), registrationId: 5, createdAt: 1 };

afterEach(() => runOn("better-sqlite3"));

/** The error's own code, as both bindings give it. */
function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "no error";
}

function message(text: string, id: string): NewMessage {
  return {
    id,
    direction: "in",
    peer: "peer",
    fromSession: null,
    toSession: null,
    inReplyTo: null,
    role: "agent",
    text,
    auto: false,
    sentAt: null,
    at: 1,
    asker: null,
    late: false,
    suite: "libsignal",
  };
}

/** The files this process has open that are on disk, where the system tells. */
function filesInUse(): string[] {
  if (!existsSync("/proc/self/fd")) return [];
  const files = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // The listing's own.
      return "";
    }
  });
  return files.filter((file) => file.startsWith("/") && !file.startsWith("/dev")).sort();
}

describe.each(BINDINGS)("SQLite contract over %s", (binding) => {
  let modules: Modules;
  let path: string;
  let opened: Database[];

  beforeEach(async () => {
    modules = await modulesOver(binding);
    path = join(temporaryHome(), "a.db");
    opened = [];
  });
  afterEach(() => {
    for (const db of opened) db.close();
  });

  function open(options: { key?: Uint8Array; timeoutMs?: number } = { key: KEY }): Database {
    const db = modules.sqlite.openSqlite(path, options);
    opened.push(db);
    return db;
  }
  function close(db: Database): void {
    opened.splice(opened.indexOf(db), 1);
    db.close();
  }

  test("is the binding it claims to be", () => {
    const names = (open().pragma("compile_options") as { compile_options: string }[]).length;
    expect(names).toBeGreaterThan(0);
    const cipher = open().pragma("cipher_version") as unknown[];
    expect(cipher.length > 0).toBe(binding === "@signalapp/sqlcipher");
  });

  test("encrypts the whole file; another key, or none, opens nothing and changes nothing", () => {
    const db = open();
    db.exec("CREATE TABLE t (text TEXT)");
    db.prepare("INSERT INTO t VALUES (?)").run(["a secret word"]);
    close(db);
    const bytes = readFileSync(path);
    expect(bytes.subarray(0, 15).toString()).not.toBe("SQLite format 3");
    expect(bytes.includes("a secret word")).toBe(false);
    for (const options of [{ key: OTHER_KEY }, {}]) {
      let thrown: unknown;
      try {
        open(options);
      } catch (error) {
        thrown = error;
      }
      expect(modules.sqlite.isDamageError(thrown)).toBe(true);
    }
    expect(() => open({ key: new Uint8Array(16) })).toThrow(/32 bytes/);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(open().prepare("SELECT text FROM t").get()).toEqual({ text: "a secret word" });
  });

  test("Z1 what SQLite keeps aside of a write never is a file: those are not encrypted", () => {
    const db = open();
    modules.sqlite.makeDurable(db);
    expect(db.pragma("temp_store")).toEqual([{ temp_store: 2 }]);
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
    const insert = db.prepare("INSERT INTO t (text) VALUES (?)");
    for (let i = 0; i < 300; i++) insert.run(["a secret word ".repeat(200)]);
    const before = filesInUse();
    db.exec("BEGIN IMMEDIATE; SAVEPOINT one_write");
    // More than SQLite keeps in memory of its own accord.
    db.exec("UPDATE t SET text = upper(text)");
    expect(filesInUse()).toEqual(before);
    db.exec("ROLLBACK TO one_write; RELEASE one_write; COMMIT");
    expect(db.prepare("SELECT count(*) AS n FROM t WHERE text LIKE 'a s%'").get()).toEqual({
      n: 300,
    });
  });

  test("a durable database has a write-ahead log, full synchronisation and foreign keys", () => {
    const db = open();
    modules.sqlite.makeDurable(db);
    expect(db.pragma("journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect(db.pragma("synchronous")).toEqual([{ synchronous: 2 }]);
    expect(db.pragma("foreign_keys")).toEqual([{ foreign_keys: 1 }]);
    db.exec("CREATE TABLE t (a)");
    expect(existsSync(`${path}-wal`)).toBe(true);
    expect(readFileSync(`${path}-wal`).includes("CREATE TABLE")).toBe(false);
    close(db);
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  test("prepared statements take one array or one object, and say what they changed", () => {
    const db = open();
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    const insert = db.prepare("INSERT INTO t (name) VALUES (?)");
    expect(insert.run(["one"])).toEqual({ changes: 1, lastInsertRowid: 1 });
    expect(insert.run(["two"])).toEqual({ changes: 1, lastInsertRowid: 2 });
    const named = db.prepare("INSERT INTO t (id, name) VALUES ($id, $name)");
    expect(named.run({ id: 9, name: "nine" })).toMatchObject({ changes: 1, lastInsertRowid: 9 });
    const byName = db.prepare("SELECT id, name FROM t WHERE name = $name OR id = $id ORDER BY id");
    expect(byName.all({ name: "one", id: 9 })).toEqual([
      { id: 1, name: "one" },
      { id: 9, name: "nine" },
    ]);
    expect(byName.get({ name: "one", id: 9 })).toEqual({ id: 1, name: "one" });
    expect(byName.get({ name: "none", id: 0 })).toBeUndefined();
    expect(byName.all({ name: "none", id: 0 })).toEqual([]);
    expect(() => insert.run([])).toThrow();
    expect(() => insert.run(["one", "too many"])).toThrow();
    expect(() => named.run({ id: 10 })).toThrow();
    expect(db.prepare("UPDATE t SET name = upper(name)").run()).toMatchObject({ changes: 3 });
    expect(db.prepare("SELECT count(*) AS n FROM t").get()).toEqual({ n: 3 });
  });

  test("values come back as they went in", () => {
    const db = open();
    db.exec("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB)");
    const insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    const read = db.prepare("SELECT * FROM t WHERE rowid = ?");
    const rows = [
      [0, 0.5, "", new Uint8Array([0])],
      [-1, -1e300, "ä 漢 🙂", new Uint8Array([0, 1, 255])],
      [Number.MAX_SAFE_INTEGER, 1e-300, "a'b\"c\\\n", randomBytes(100_000)],
      [Number.MIN_SAFE_INTEGER, 0, "x".repeat(256 * 1024), Buffer.from("part of more").subarray(5)],
      [null, null, null, null],
    ] as const;
    for (const [i, r, s, b] of rows) {
      const { lastInsertRowid } = insert.run([i, r, s, b]);
      const row = read.get<{ i: unknown; r: unknown; s: unknown; b: Uint8Array | null }>([
        lastInsertRowid,
      ]);
      expect([row?.i, row?.r, row?.s]).toEqual([i, r, s]);
      expect(row?.b && Buffer.from(row.b).toString("hex")).toBe(
        b && Buffer.from(b).toString("hex"),
      );
    }
    // Integers beyond a double's are kept whole, and given as the nearest number.
    const large = insert.run([2n ** 53n + 1n, null, null, null]);
    const kept = db.prepare("SELECT CAST(i AS TEXT) AS text, i FROM t WHERE rowid = ?");
    expect(kept.get([large.lastInsertRowid])).toEqual({ text: "9007199254740993", i: 2 ** 53 });
    // A number bound to a column of integers is an integer there.
    expect(db.prepare("SELECT typeof(i) AS type FROM t WHERE rowid = 1").get()).toEqual({
      type: "integer",
    });
  });

  test("transactions and savepoints undo what they cover", () => {
    const db = open();
    db.exec("CREATE TABLE t (a)");
    const count = db.prepare("SELECT count(*) AS n FROM t");
    const insert = db.prepare("INSERT INTO t VALUES (?)");
    db.exec("BEGIN IMMEDIATE");
    insert.run([1]);
    db.exec("SAVEPOINT inner");
    insert.run([2]);
    db.exec("ROLLBACK TO inner");
    db.exec("RELEASE inner");
    insert.run([3]);
    db.exec("COMMIT");
    expect(count.get()).toEqual({ n: 2 });
    db.exec("BEGIN");
    insert.run([4]);
    db.exec("ROLLBACK");
    expect(count.get()).toEqual({ n: 2 });
    expect(() => db.exec("ROLLBACK")).toThrow(/no transaction/);
    // A statement that failed can be used again.
    db.exec("CREATE UNIQUE INDEX once ON t (a)");
    expect(() => insert.run([1])).toThrow();
    expect(insert.run([5]).changes).toBe(1);
  });

  test("errors carry SQLite's extended code", () => {
    const db = open();
    db.exec(`CREATE TABLE p (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL, c CHECK (c > 0));
      CREATE TABLE q (p INTEGER REFERENCES p (id))`);
    modules.sqlite.makeDurable(db);
    const run = (sql: string) => codeOf(() => db.prepare(sql).run());
    expect(run("INSERT INTO p VALUES (1, 'u', 'n', 1)")).toBe("no error");
    expect(run("INSERT INTO p VALUES (1, 'v', 'n', 1)")).toBe("SQLITE_CONSTRAINT_PRIMARYKEY");
    expect(run("INSERT INTO p VALUES (2, 'u', 'n', 1)")).toBe("SQLITE_CONSTRAINT_UNIQUE");
    expect(run("INSERT INTO p VALUES (2, 'v', NULL, 1)")).toBe("SQLITE_CONSTRAINT_NOTNULL");
    expect(run("INSERT INTO p VALUES (2, 'v', 'n', 0)")).toBe("SQLITE_CONSTRAINT_CHECK");
    expect(run("INSERT INTO q VALUES (77)")).toBe("SQLITE_CONSTRAINT_FOREIGNKEY");
    expect(run("DELETE FROM p WHERE id = 1")).toBe("no error");
    expect(run("SELEKT 1")).toBe("SQLITE_ERROR");
    expect(codeOf(() => db.exec("SELEKT 1"))).toBe("SQLITE_ERROR");
    // A database that may not grow answers as a full disk does, and works on once it may.
    db.pragma("max_page_count=1");
    expect(run("INSERT INTO p VALUES (3, zeroblob(90000), 'n', 1)")).toBe("SQLITE_FULL");
    db.pragma("max_page_count=1000000");
    expect(run("INSERT INTO p VALUES (3, 'w', 'n', 1)")).toBe("no error");
  });

  test("a lock that another connection holds is SQLITE_BUSY", () => {
    const one = open();
    one.exec("CREATE TABLE t (a)");
    const two = open({ key: KEY, timeoutMs: 0 });
    one.exec("BEGIN IMMEDIATE");
    let thrown: unknown;
    try {
      two.exec("BEGIN IMMEDIATE");
    } catch (error) {
      thrown = error;
    }
    expect(modules.sqlite.isBusyError(thrown)).toBe(true);
    expect(modules.sqlite.isDamageError(thrown)).toBe(false);
    one.exec("COMMIT");
    two.exec("BEGIN IMMEDIATE");
    two.exec("COMMIT");
  });

  test("a damaged page is found by the check and by whoever reads it", () => {
    const db = open();
    db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)");
    const insert = db.prepare("INSERT INTO t (text) VALUES (?)");
    for (let row = 0; row < 200; row++) insert.run(["x".repeat(500)]);
    expect(db.pragma("quick_check(1)")).toEqual([{ quick_check: "ok" }]);
    close(db);
    const bytes = readFileSync(path);
    randomBytes(100).copy(bytes, 4096 * 10);
    writeFileSync(path, bytes);
    // The check answers or throws; each on a connection of its own, since one binding refuses
    // everything after the first page it could not read.
    const thrownBy = (act: (db: Database) => unknown): unknown => {
      const damaged = open();
      try {
        return act(damaged);
      } catch (error) {
        return error;
      } finally {
        close(damaged);
      }
    };
    const ok = [{ quick_check: "ok" }];
    expect(thrownBy((one) => one.pragma("quick_check(1)"))).not.toEqual(ok);
    expect(thrownBy((one) => one.pragma("quick_check(t)"))).not.toEqual(ok);
    const read = thrownBy((one) => one.prepare("SELECT sum(length(text)) AS n FROM t").get());
    expect(modules.sqlite.isDamageError(read)).toBe(true);
    expect(thrownBy((one) => one.prepare("SELECT id FROM t WHERE id = 1").get())).toEqual({
      id: 1,
    });
  });

  test("writes of one turn share a commit, and one that throws is undone alone", async () => {
    const db = open();
    db.exec("CREATE TABLE t (a INTEGER PRIMARY KEY)");
    let refuse = false;
    const commits = new modules.commit.GroupCommit(db, {
      before: () => {
        if (refuse) throw new Error("not the owner");
      },
    });
    const insert = db.prepare("INSERT INTO t VALUES (?)");
    const results = await Promise.allSettled([
      commits.write(() => insert.run([1]).changes),
      commits.write(() => {
        insert.run([2]);
        insert.run([1]);
      }),
      commits.write(() => insert.run([3]).changes),
    ]);
    expect(results.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    const all = db.prepare("SELECT a FROM t ORDER BY a");
    expect(all.all()).toEqual([{ a: 1 }, { a: 3 }]);
    refuse = true;
    await expect(commits.write(() => insert.run([4]))).rejects.toThrow("not the owner");
    refuse = false;
    expect(await commits.write(() => insert.run([5]).changes)).toBe(1);
    expect(all.all()).toEqual([{ a: 1 }, { a: 3 }, { a: 5 }]);
  });

  test("a whole vault keeps its agent and mail, and obeys the newest owner alone", async () => {
    const folder = temporaryHome();
    const { Vault } = modules.vault;
    const first = Vault.create(folder, KEY, { ...AGENT, epoch: 1 });
    await first.write(() => insertMessage(first, message("hello", "m-1")));
    first.close();
    expect(() => Vault.open(folder, OTHER_KEY, 2)).toThrow(
      expect.objectContaining({ code: "vault_damaged" }),
    );
    const second = Vault.open(folder, KEY, 2);
    expect(second.sql("SELECT text FROM message").all()).toEqual([{ text: "hello" }]);
    const row = second
      .sql("SELECT name, seed FROM agent")
      .get<{ name: string; seed: Uint8Array }>();
    expect([row?.name, Buffer.from(row?.seed ?? [])]).toEqual(["me", Buffer.from(AGENT.seed)]);
    const third = Vault.open(folder, KEY, 3);
    await expect(second.write(() => 1)).rejects.toMatchObject({ code: "host_running" });
    expect(await third.write(() => insertMessage(third, message("again", "m-1")))).toBeNull();
    second.close();
    third.close();
    expect(() => Vault.open(folder, KEY, 2)).toThrow(
      expect.objectContaining({ code: "host_running" }),
    );
  });

  test("D5 a delivery's number never comes back, nor one of an earlier version's", async () => {
    const folder = temporaryHome();
    const older = modules.sqlite.openSqlite(join(folder, "vault.db"), { key: KEY });
    migrate(older, 17);
    const { name, seed, registrationId, createdAt } = AGENT;
    older
      .prepare("INSERT INTO agent VALUES (1, ?, ?, ?, ?, 1)")
      .run([name, seed, registrationId, createdAt]);
    for (const seq of [1, 2]) {
      older
        .prepare(
          `INSERT INTO message (seq, id, direction, peer, role, text, auto, at)
           VALUES (?, ?, 'in', 'peer', 'agent', '', 0, 1)`,
        )
        .run([seq, `m-${seq}`]);
      older
        .prepare("INSERT INTO delivery (message, label, delivered_at) VALUES (?, 'claude:1', 1)")
        .run([seq]);
    }
    older.exec("DELETE FROM delivery WHERE id = 2");
    older.close();
    const vault = modules.vault.Vault.open(folder, KEY, 2);
    const deliver = () =>
      vault.write(() => insertDelivery(vault, { message: 2, label: "claude:1", at: 1 }));
    const first = (await deliver()) as number;
    expect(first).toBeGreaterThan(2);
    expect(await deliver()).toBeNull();
    await vault.write(() => removeDelivery(vault, { delivery: first, seq: 2 }));
    expect(await deliver()).toBeGreaterThan(first);
    vault.close();
  });
});

describe.each([
  ["better-sqlite3", "@signalapp/sqlcipher"],
  ["@signalapp/sqlcipher", "better-sqlite3"],
] as const)("a vault written by %s", (writer, reader) => {
  test(`is opened by ${reader}, closed in order or not`, async () => {
    const folder = temporaryHome();
    const writing = (await modulesOver(writer)).vault.Vault;
    const one = writing.create(folder, KEY, { ...AGENT, epoch: 1 });
    await one.write(() => insertMessage(one, message("closed in order", "m-1")));
    one.close();
    const two = writing.open(folder, KEY, 2);
    await two.write(() => insertMessage(two, message("in the log alone", "m-2")));
    // What a crash at this moment leaves.
    const crashed = join(folder, "crashed");
    mkdirSync(crashed);
    for (const name of ["vault.db", "vault.db-wal"]) {
      copyFileSync(join(folder, name), join(crashed, name));
    }
    two.close();

    const reading = (await modulesOver(reader)).vault.Vault;
    const texts = ["closed in order", "in the log alone"];
    for (const place of [folder, crashed]) {
      const vault = reading.open(place, KEY, 3);
      expect(vault.sql("SELECT text FROM message ORDER BY seq").all()).toEqual(
        texts.map((text) => ({ text })),
      );
      await vault.write(() => insertMessage(vault, message("and back", "m-3")));
      vault.close();
    }
    const back = (await modulesOver(writer)).vault.Vault.open(crashed, KEY, 4);
    expect(back.sql("SELECT count(*) AS n FROM message").get()).toEqual({ n: 3 });
    back.close();
  });
});
