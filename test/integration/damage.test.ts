import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insertHold, removeHold } from "../../electron/vault/hold-table.ts";
import { incidents } from "../../electron/vault/incident-table.ts";
import { insertDelivery, insertMessage } from "../../electron/vault/mail-table.ts";
import { outgoing } from "../../electron/vault/outgoing-table.ts";
import type { Vault as OpenVault } from "../../electron/vault/vault.ts";
import { fillRatchet, fillVault, numbered } from "../support/filled-vault.ts";
import { BINDINGS, runOn } from "../support/sqlite-bindings.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Rule D7 on real files: cut, overwritten, emptied, deleted; over both SQLite bindings. */
const KEY = new Uint8Array(32).fill(7);
const SEED = new Uint8Array(32).fill(3);
const AGENT = { name: "me", seed: SEED, registrationId: 5, createdAt: 1, epoch: 1 };
const COUNT = 400;
/** Of these messages, as `fillVault` places them. */
const DELIVERIES = 240;
/** What a whole vault has of each. */
const ALL = { deliveries: DELIVERIES, holds: 80, jobs: 80, sessions: 20, prekeys: 20 };
const PAGE = 4096;

afterAll(() => runOn("better-sqlite3"));

/** Numbers that look random and are the same in every run. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
}

function filesOf(folder: string): Map<string, string> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));
}

const asideOf = (folder: string) =>
  readdirSync(folder).filter((name) => /^vault\.db\.damaged-[^-]*$/.test(name));

/** What must hold of every opened vault, whatever befell it; returns the numbers it has. */
function expectSound(vault: OpenVault): number[] {
  const agent = vault.sql("SELECT name, seed FROM agent").get<{ name: string; seed: Uint8Array }>();
  expect([agent?.name, Buffer.from(agent?.seed ?? [])]).toEqual(["me", Buffer.from(SEED)]);
  expect(vault.sql("PRAGMA quick_check").all()).toEqual([{ quick_check: "ok" }]);
  expect(vault.sql("PRAGMA foreign_key_check").all()).toEqual([]);
  const rows = vault
    .sql("SELECT seq, id, text, direction FROM message ORDER BY seq")
    .all<{ seq: number; id: string; text: string; direction: string }>();
  return rows.map(({ seq, id, text, direction }) => {
    const number = Number(id.slice(4));
    const original = numbered(number);
    expect([seq, direction]).toEqual([number, original.direction]);
    expect(text === original.text, `the text of message ${number}`).toBe(true);
    return number;
  });
}

describe.each(BINDINGS)("D7 damage, over %s", (binding) => {
  let Vault: typeof OpenVault;
  /** A vault closed in order, with messages 1 to COUNT. */
  let original: string;

  beforeAll(async () => {
    runOn(binding);
    ({ Vault } = await import("../../electron/vault/vault.ts"));
    original = join(temporaryHome(), "agent");
    mkdirSync(original);
    const vault = Vault.create(original, KEY, AGENT);
    await fillVault(vault, 1, COUNT);
    await fillRatchet(vault);
    vault.close();
  });

  function copyOfOriginal(): string {
    const folder = join(temporaryHome(), "agent");
    cpSync(original, folder, { recursive: true });
    return folder;
  }

  /** Opens a damaged vault, checks it, and that it is whole from then on. */
  async function reopen(folder: string) {
    const vault = Vault.open(folder, KEY, 2, 1_800_000_000_000);
    const numbers = expectSound(vault);
    const words = incidents(vault, 9).map((one) => one.words);
    const count = (table: string) =>
      vault.sql(`SELECT count(*) AS n FROM ${table}`).get<{ n: number }>()?.n ?? -1;
    const counts = {
      deliveries: count("delivery"),
      holds: count("hold"),
      jobs: count("job"),
      sessions: count("ratchet_session"),
      prekeys: count("prekey"),
    };
    // Whatever is called so is the ratchet's, also in versions to come.
    const keys = vault
      .sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all<{ name: string }>()
      .filter(({ name }) => /session|prekey|skipped/.test(name))
      .map(({ name }) => [name, count(name)] as const);
    const [seq, delivery] = await vault.write(() => {
      const message = insertMessage(vault, numbered(100_000)) as number;
      return [message, insertDelivery(vault, { message, label: "claude:2", at: 1 })];
    });
    // A number that a lost message or delivery had is not given again.
    expect(seq).toBeGreaterThan(COUNT);
    expect(delivery).toBeGreaterThan(DELIVERIES);
    const registrationId = vault
      .sql("SELECT registration_id AS id FROM agent")
      .get<{ id: number }>()?.id;
    vault.close();
    const again = Vault.open(folder, KEY, 3);
    expect(incidents(again, 9)).toHaveLength(words.length);
    again.close();
    return { numbers, words, counts, keys: new Map(keys), registrationId };
  }

  test("a vault that is whole is opened as it is, and keeps no copies", async () => {
    const folder = copyOfOriginal();
    const { numbers, words, counts } = await reopen(folder);
    expect([numbers.length, words]).toEqual([COUNT, []]);
    expect(counts).toEqual(ALL);
    expect(readdirSync(folder).sort()).toEqual(["identity.sealed", "vault.db", "vault.sound"]);
  });

  test("D7 a vault is read through before use, but for one closed in order, untouched, within a week", async () => {
    const { markSound } = await import("../../electron/vault/sound-mark.ts");
    const DAY = 24 * 3600 * 1000;
    const now = 1_800_000_000_000;
    const damaged = () => {
      const folder = copyOfOriginal();
      const bytes = readFileSync(join(folder, "vault.db"));
      bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + PAGE);
      writeFileSync(join(folder, "vault.db"), bytes);
      return folder;
    };
    /** Whether it was read through when it was opened: only then what is damaged is known. */
    const isRead = (folder: string, at: number) => {
      const vault = Vault.open(folder, KEY, 2, at);
      const known = incidents(vault, 9).length > 0;
      vault.close();
      return known;
    };
    // The mark that was copied with the file is another file's.
    expect(isRead(damaged(), now)).toBe(true);
    for (const [age, read] of [
      [0, false],
      [6 * DAY, false],
      [8 * DAY, true],
      [-DAY, true],
    ] as const) {
      const folder = damaged();
      markSound(join(folder, "vault.db"), now - age);
      expect(isRead(folder, now), `read ${age / DAY} days ago`).toBe(read);
    }

    // What was not read at this open is not younger for it at the next one.
    const folder = damaged();
    markSound(join(folder, "vault.db"), now);
    expect(isRead(folder, now + 5 * DAY)).toBe(false);
    expect(isRead(folder, now + 8 * DAY)).toBe(true);

    // While it is open nothing says that it is sound, nor beside a log.
    const running = copyOfOriginal();
    const vault = Vault.open(running, KEY, 2);
    await fillVault(vault, COUNT + 1, 10);
    expect(existsSync(join(running, "vault.sound"))).toBe(false);
    markSound(join(running, "vault.db"), now);
    expect(existsSync(join(running, "vault.sound"))).toBe(false);
    vault.close();
    expect(existsSync(join(running, "vault.sound"))).toBe(true);
  });

  test("D7 a file cut short at any length keeps the agent and what is left of its mail", async () => {
    const size = statSync(join(original, "vault.db")).size;
    const kept: number[] = [];
    const lengths = [0, 1, 100, PAGE - 1, PAGE, PAGE + 1, size >> 2, size >> 1, size - (size >> 2)];
    const random = numbersFrom(7);
    for (let one = 0; one < 10; one++) lengths.push(random(size - PAGE));
    lengths.sort((a, b) => a - b);
    for (const length of [...lengths, size - PAGE, size - 100]) {
      const folder = copyOfOriginal();
      truncateSync(join(folder, "vault.db"), length);
      const damaged = readFileSync(join(folder, "vault.db"));
      const { numbers, words } = await reopen(folder);
      expect(words, `cut to ${length}`).toEqual([expect.stringMatching(/was damaged/)]);
      const [aside] = asideOf(folder);
      expect(words[0]).toContain(aside);
      expect(readFileSync(join(folder, aside as string)).equals(damaged)).toBe(true);
      kept.push(numbers.length);
    }
    expect(kept[0]).toBe(0);
    // The more of the file, the more of the mail; of nearly all, nearly all.
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept.at(-3)).toBeGreaterThan(COUNT / 3);
    expect(kept.at(-1)).toBeGreaterThan(COUNT * 0.9);
  });

  test("D7 overwritten pages cost what was on them, and no more", async () => {
    const size = statSync(join(original, "vault.db")).size;
    let rescued = 0;
    let kept = 0;
    for (let round = 1; round <= 20; round++) {
      const random = numbersFrom(round);
      const folder = copyOfOriginal();
      const bytes = readFileSync(join(folder, "vault.db"));
      for (let page = 0; page <= round % 4; page++) {
        const at = random(size / PAGE - 1) * PAGE + PAGE;
        for (let byte = 0; byte < PAGE; byte += 1 + random(100)) bytes[at + byte] = random(256);
      }
      writeFileSync(join(folder, "vault.db"), bytes);
      const { numbers, words } = await reopen(folder);
      if (words.length > 0) rescued++;
      else expect(numbers).toHaveLength(COUNT);
      kept += numbers.length;
    }
    expect(rescued).toBeGreaterThan(15);
    expect(kept).toBeGreaterThan(20 * COUNT * 0.8);
  });

  test("D7 a file whose beginning is overwritten keeps all of its mail", async () => {
    for (const length of [1, 16, 100, PAGE]) {
      const folder = copyOfOriginal();
      const bytes = readFileSync(join(folder, "vault.db"));
      bytes.fill(0x5a, 0, length);
      writeFileSync(join(folder, "vault.db"), bytes);
      const { numbers, words, counts, registrationId } = await reopen(folder);
      expect([numbers.length, words.length]).toEqual([COUNT, 1]);
      expect(counts).toEqual(ALL);
      expect(registrationId).toBe(5);
    }
  });

  test("D7 a file that is gone leaves the agent who it was", async () => {
    const folder = copyOfOriginal();
    rmSync(join(folder, "vault.db"));
    const { numbers, words, registrationId } = await reopen(folder);
    expect(numbers).toEqual([]);
    expect(words).toEqual([expect.stringMatching(/its file was gone/)]);
    // Keys that peers may still get from the relay are lost: this is another installation.
    expect(registrationId).not.toBe(5);
  });

  test("D7 lost prekeys are all forgotten, so that the relay hands out none of them", async () => {
    const folder = copyOfOriginal();
    const bytes = readFileSync(join(folder, "vault.db"));
    const vault = Vault.open(folder, KEY, 2);
    const { page } = vault
      .sql("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'kyber_prekey'")
      .get<{ page: number }>() as { page: number };
    vault.close();
    bytes.fill(0x5a, (page - 1) * PAGE, page * PAGE);
    writeFileSync(join(folder, "vault.db"), bytes);
    const { numbers, counts, registrationId, words } = await reopen(folder);
    expect([numbers.length, counts.sessions, counts.prekeys]).toEqual([COUNT, 20, 0]);
    expect(registrationId).not.toBe(5);
    expect(words[0]).toMatch(/begin anew/);
  });

  test("D7 a message that waits to be sent waits on when its job was lost, or all that is known of it", async () => {
    for (const lost of [["job"], ["outgoing"], ["job", "outgoing"]]) {
      const folder = copyOfOriginal();
      const bytes = readFileSync(join(folder, "vault.db"));
      const vault = Vault.open(folder, KEY, 2);
      const roots = vault.sql("SELECT name, rootpage AS page FROM sqlite_schema");
      for (const { name, page } of roots.all<{ name: string; page: number }>()) {
        if (lost.includes(name)) bytes.fill(0x5a, (page - 1) * PAGE, page * PAGE);
      }
      vault.close();
      writeFileSync(join(folder, "vault.db"), bytes);
      const rescued = Vault.open(folder, KEY, 2, 100_000);
      expect(expectSound(rescued)).toHaveLength(COUNT);
      const waiting = rescued
        .sql("SELECT j.message FROM job j JOIN outgoing o ON o.message = j.message ORDER BY j.seq")
        .all<{ message: number }>();
      const sent = Array.from({ length: 80 }, (_, index) => (index + 1) * 5);
      expect(waiting.map((row) => row.message)).toEqual(sent);
      expect(incidents(rescued, 1)[0]?.words).toMatch(/80 waiting to be sent.*other records/);
      rescued.close();
    }
    // Too old to be sent again: it says so, instead of waiting forever.
    const folder = copyOfOriginal();
    const bytes = readFileSync(join(folder, "vault.db"));
    const vault = Vault.open(folder, KEY, 2);
    const roots = vault.sql(
      "SELECT rootpage AS page FROM sqlite_schema WHERE name IN ('job', 'outgoing')",
    );
    for (const { page } of roots.all<{ page: number }>()) {
      bytes.fill(0x5a, (page - 1) * PAGE, page * PAGE);
    }
    vault.close();
    writeFileSync(join(folder, "vault.db"), bytes);
    const late = Vault.open(folder, KEY, 2, 30 * 24 * 3600 * 1000);
    const ended = late.sql("SELECT ended, count(*) AS n FROM outgoing GROUP BY ended").all();
    expect(ended).toEqual([{ ended: "failed", n: 80 }]);
    late.close();
  });

  test("R7 mail between sessions of this agent, of which a rung is kept, is sent to nobody after a rescue", async () => {
    const folder = copyOfOriginal();
    const vault = Vault.open(folder, KEY, 2);
    const seq = await vault.write(() => {
      const message = insertMessage(vault, {
        ...numbered(COUNT + 1),
        direction: "local",
      }) as number;
      insertHold(vault, { message, toSession: null, reason: "no_session_live", at: 1 });
      removeHold(vault, message);
      return message;
    });
    expect(outgoing(vault, seq)).toMatchObject({ held_at: 1 });
    const { page } = vault
      .sql("SELECT rootpage AS page FROM sqlite_schema WHERE name = 'kyber_prekey'")
      .get<{ page: number }>() as { page: number };
    vault.close();
    const bytes = readFileSync(join(folder, "vault.db"));
    bytes.fill(0x5a, (page - 1) * PAGE, page * PAGE);
    writeFileSync(join(folder, "vault.db"), bytes);
    const rescued = Vault.open(folder, KEY, 3, 100_000);
    expect(incidents(rescued, 1)).toHaveLength(1);
    expect(outgoing(rescued, seq)).toMatchObject({ held_at: 1 });
    expect(rescued.sql("SELECT 1 FROM job WHERE message = ?").all([seq])).toEqual([]);
    rescued.close();
  });

  /** What a crash leaves while commits are in the log alone: messages COUNT + 1 to COUNT + 60. */
  async function crashed(): Promise<string> {
    const folder = copyOfOriginal();
    const vault = Vault.open(folder, KEY, 2);
    for (let batch = 0; batch < 6; batch++) await fillVault(vault, COUNT + 1 + batch * 10, 10);
    const image = join(temporaryHome(), "agent");
    cpSync(folder, image, { recursive: true });
    vault.close();
    return image;
  }
  const isPrefix = (numbers: readonly number[]) =>
    numbers.every((number, index) => number === index + 1);

  test("D7 a log that is whole after a crash is taken whole, and nothing is said", async () => {
    const { numbers, words, counts } = await reopen(await crashed());
    expect([numbers.length, isPrefix(numbers), words]).toEqual([COUNT + 60, true, []]);
    expect([counts.sessions, counts.prekeys]).toEqual([20, 20]);
  });

  test("D7 a log cut in the middle is noticed: old ratchet states are not used again", async () => {
    const size = statSync(join(await crashed(), "vault.db-wal")).size;
    for (const length of [0, 10, 32, size >> 2, size >> 1, size - 5000, size - 1]) {
      const folder = await crashed();
      truncateSync(join(folder, "vault.db-wal"), length);
      const { numbers, words, keys, registrationId } = await reopen(folder);
      expect(isPrefix(numbers)).toBe(true);
      expect(numbers.length).toBeGreaterThanOrEqual(COUNT);
      expect(numbers.length).toBeLessThan(COUNT + 60);
      expect(words).toEqual([expect.stringMatching(/end of its log was gone.*begin anew/)]);
      expect([...keys.values()].every((count) => count === 0)).toBe(true);
      expect([keys.size >= 6, registrationId === 5]).toEqual([true, false]);
    }
  });

  test("D7 a log overwritten in the middle is noticed, too", async () => {
    const folder = await crashed();
    const bytes = readFileSync(join(folder, "vault.db-wal"));
    bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + 10);
    writeFileSync(join(folder, "vault.db-wal"), bytes);
    const { numbers, words } = await reopen(folder);
    expect([isPrefix(numbers), words.length]).toEqual([true, 1]);
    expect(numbers.length).toBeLessThan(COUNT + 60);
  });

  test("D7 without its index nobody can know of a cut log: what is left is taken", async () => {
    const folder = await crashed();
    rmSync(join(folder, "vault.db-shm"));
    const log = join(folder, "vault.db-wal");
    truncateSync(log, statSync(log).size >> 1);
    const { numbers, words } = await reopen(folder);
    expect([isPrefix(numbers), words]).toEqual([true, []]);
    expect(numbers.length).toBeLessThan(COUNT + 60);
  });

  test("D7 what is in the log is rescued also where the file beside it is damaged", async () => {
    const size = statSync(join(original, "vault.db")).size;
    const cuts = [0, PAGE, size >> 2, size >> 1, (size >> 1) + 100, size - PAGE, size - 100];
    for (const length of cuts) {
      const folder = await crashed();
      truncateSync(join(folder, "vault.db"), length);
      const { numbers, words } = await reopen(folder);
      expect(words, `cut to ${length}`).toHaveLength(1);
      // The newest are in the log, once the pages that lead to them are in the file.
      if (length >= size >> 1) expect(numbers).toContain(COUNT + 60);
    }
    const folder = await crashed();
    const path = join(folder, "vault.db");
    writeFileSync(path, readFileSync(path).fill(0x5a, 0, PAGE));
    const { numbers, words } = await reopen(folder);
    expect([numbers.length, words.length]).toEqual([COUNT + 60, 1]);
  });

  test("D7 a wrong key, or damage with nothing to say who it was, changes no byte", () => {
    const wrongKey = copyOfOriginal();
    const unreadable = copyOfOriginal();
    const bytes = readFileSync(join(unreadable, "vault.db"));
    writeFileSync(join(unreadable, "vault.db"), bytes.fill(0x5a, 0, PAGE));
    rmSync(join(unreadable, "identity.sealed"));
    const gone = copyOfOriginal();
    rmSync(join(gone, "identity.sealed"));
    rmSync(join(gone, "vault.db"));
    const cases: [string, Uint8Array][] = [
      [wrongKey, new Uint8Array(32).fill(9)],
      [unreadable, KEY],
      [gone, KEY],
    ];
    for (const [folder, key] of cases) {
      const before = filesOf(folder);
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(() => Vault.open(folder, key, 2)).toThrow(
          expect.objectContaining({
            code: "vault_damaged",
            next: expect.stringMatching(/backup.*Nothing was changed/),
          }),
        );
        expect(filesOf(folder)).toEqual(before);
      }
    }
  });

  test("D7 the sealed identity is made again where it is missing, damaged or old", () => {
    const folder = copyOfOriginal();
    const sealed = join(folder, "identity.sealed");
    const spoil = [() => rmSync(sealed), () => writeFileSync(sealed, "{}")];
    for (const act of spoil) {
      act();
      Vault.open(folder, KEY, 2).close();
      const vault = join(folder, "vault.db");
      const bytes = readFileSync(vault);
      rmSync(vault);
      const rescued = Vault.open(folder, KEY, 2);
      expect(expectSound(rescued)).toEqual([]);
      rescued.close();
      writeFileSync(vault, bytes);
      for (const suffix of ["-wal", "-shm"]) rmSync(`${vault}${suffix}`, { force: true });
    }
    expect(readFileSync(sealed, "utf8")).not.toContain(Buffer.from(SEED).toString("base64"));
    if (process.platform !== "win32") expect(statSync(sealed).mode & 0o777).toBe(0o600);
  });
});

test("D7 a kill in the middle of a rescue costs nothing", async () => {
  runOn("better-sqlite3");
  const { Vault } = await import("../../electron/vault/vault.ts");
  const folder = join(temporaryHome(), "agent");
  mkdirSync(folder);
  const vault = Vault.create(folder, KEY, AGENT);
  for (let first = 1; first <= 2000; first += 200) await fillVault(vault, first, 200);
  vault.close();
  const path = join(folder, "vault.db");
  const bytes = readFileSync(path);
  bytes.fill(0x5a, bytes.length >> 1, (bytes.length >> 1) + PAGE);
  const child = fileURLToPath(new URL("../support/rescue-child.ts", import.meta.url));
  let killed = 0;
  for (let round = 0; round < 8; round++) {
    writeFileSync(path, bytes);
    const process_ = spawn(process.execPath, [child, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const closed = once(process_, "close");
    await once(process_.stdout, "data");
    const until = performance.now() + round * 20;
    while (performance.now() < until) await new Promise(setImmediate);
    process_.kill("SIGKILL");
    const [, signal] = await closed;
    if (signal === "SIGKILL") killed++;
    const rescued = Vault.open(folder, KEY, 200 + round);
    expect(expectSound(rescued).length).toBeGreaterThan(1900);
    rescued.close();
    expect(readdirSync(folder).filter((name) => /\.(new|rescued)/.test(name))).toEqual([]);
    for (const name of asideOf(folder)) rmSync(join(folder, name));
  }
  expect(killed).toBeGreaterThan(0);
});

test("D7 a rescued vault that was not yet put in place is, and the old log does not join it", async () => {
  runOn("better-sqlite3");
  const { Vault } = await import("../../electron/vault/vault.ts");
  const folder = join(temporaryHome(), "agent");
  mkdirSync(folder);
  const vault = Vault.create(folder, KEY, AGENT);
  await fillVault(vault, 1, 50);
  vault.close();
  const path = join(folder, "vault.db");
  copyFileSync(path, `${path}.rescued`);
  const running = Vault.open(folder, KEY, 2);
  await fillVault(running, 51, 10);
  // The rescued one was put in place when it was opened; what came after is in its own log.
  expect(existsSync(`${path}.rescued`)).toBe(false);
  copyFileSync(path, `${path}.rescued`);
  copyFileSync(`${path}-wal`, `${path}-old`);
  running.close();
  copyFileSync(`${path}-old`, `${path}-wal`);
  writeFileSync(path, "a damaged file");
  const rescued = Vault.open(folder, KEY, 3);
  expect(expectSound(rescued)).toHaveLength(50);
  rescued.close();
});
