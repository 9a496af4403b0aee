import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Agent } from "../../electron/daemon/agent.ts";
import type { Host } from "../../electron/daemon/host.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { incidents } from "../../electron/vault/incident-table.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { Bench, befriend } from "../support/agents.ts";
import { fillVault } from "../support/filled-vault.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { ManualTime } from "../support/manual-time.ts";
import { runProgram, startDaemon } from "../support/processes.ts";
import { canMount, fillDisk, smallDisk } from "../support/small-disk.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const BODY = "x".repeat(3000);
const refused = expect.objectContaining({
  code: "disk_full",
  message: expect.stringMatching(/disk is full/),
  next: expect.stringMatching(/Free some space/),
});

/** Sends numbered messages until one is refused; the numbers of those that were taken. */
async function sendUntilRefused(
  agent: Agent,
  label: string,
  to: string,
  toSession: string,
): Promise<{ taken: string[]; error: unknown }> {
  const session = await liveSession(agent, label).catch(() => null);
  const live = session ?? agent.sessions.get(label);
  if (!live) throw new Error(`no session ${label}`);
  const taken: string[] = [];
  for (let number = 0; number < 5000; number++) {
    const text = `${number} ${BODY}`;
    try {
      await send(agent, live, to, text, toSession);
      taken.push(text);
    } catch (error) {
      return { taken, error };
    }
  }
  throw new Error("the disk never became full");
}

// Without root there is no disk of one's own to fill.
describe.skipIf(!canMount)("D7 a full disk", () => {
  /** An agent on a disk of its own, and one of another person on another, with the relay. */
  async function apart() {
    const outside = await startHost(temporaryHome());
    const home = temporaryHome();
    smallDisk(home, 8);
    const inside = await startHost(home, { relayUrl: outside.relayAddress });
    const [far, near] = [await outside.agents.create("far"), await inside.agents.create("near")];
    await far.relay.requestContact(near.identity.cryptoId);
    await near.relay.acceptContact(far.identity.cryptoId);
    const session = await liveSession(far, "claude:1");
    await liveSession(near, "claude:1");
    await send(far, session, near.identity.cryptoId, "hello", "claude:1");
    await until(inside, () => unread(near, "claude:1").length === 1);
    return { outside, inside, home, far, near, session };
  }
  const storageOf = (host: Host) => host.snapshot().agents[0]?.storage?.code ?? null;

  test("D7 mail that comes while the disk is full waits at the relay, and arrives once", async () => {
    const { outside, inside, home, far, near, session } = await apart();
    const free = fillDisk(home);
    const sent: string[] = [];
    // Enough that it cannot all go where there is room already.
    for (let number = 0; number < 300; number++) {
      sent.push(`${number} ${BODY}`);
      await send(far, session, near.identity.cryptoId, sent.at(-1) as string, "claude:1");
    }
    await until(inside, () => storageOf(inside) === "disk_full");
    await until(outside, () => far.summary().queued === 0);
    expect(inside.snapshot().agents[0]?.storage).toMatchObject({
      reason: expect.stringMatching(/disk is full/),
    });
    // Whatever the relay was told to forget is in the vault.
    const waiting = (await near.relay.list(1000)).envelopes.length;
    const arrived = unread(near, "claude:1").length - 1;
    expect(arrived).toBeLessThan(300);
    expect(arrived + waiting).toBeGreaterThanOrEqual(300);

    free();
    // The next look finds all of it: here the one that new mail causes.
    sent.push("after");
    await send(far, session, near.identity.cryptoId, "after", "claude:1");
    await until(inside, () => unread(near, "claude:1").length >= sent.length + 1);
    expect(unread(near, "claude:1")).toEqual(["hello", ...sent]);
    await until(inside, () => storageOf(inside) === null);
  });

  test("D7 what cannot be kept is refused at once; what was taken arrives when there is room", async () => {
    const { outside, inside, home, far, near } = await apart();
    const free = fillDisk(home);
    const to = far.identity.cryptoId;
    const { taken, error } = await sendUntilRefused(near, "claude:1", to, "claude:1");
    expect(error).toEqual(refused);
    expect(storageOf(inside)).toBe("disk_full");
    // Mail within the agent as well.
    const own = near.identity.cryptoId;
    const local = await sendUntilRefused(near, "claude:1", own, "claude:2");
    expect(local.error).toEqual(refused);

    free();
    const session = near.sessions.get("claude:1");
    if (!session) throw new Error("the session is live");
    await send(near, session, to, "after", "claude:1");
    await until(outside, () => unread(far, "claude:1").includes("after"));
    expect(unread(far, "claude:1")).toEqual([...taken, "after"]);
    expect(storageOf(inside)).toBeNull();
    const quick = near.vault.sql("PRAGMA quick_check").all();
    expect(quick).toEqual([{ quick_check: "ok" }]);
  });

  test("D7 a relay whose disk is full refuses for the time, and loses nothing it took", async () => {
    const home = temporaryHome();
    const { relayDatabase } = homePaths(home);
    mkdirSync(join(relayDatabase, ".."), { recursive: true });
    smallDisk(join(relayDatabase, ".."), 12);
    const host = await startHost(home);
    const [planner, reviewer] = [
      await host.agents.create("planner"),
      await host.agents.create("reviewer"),
    ];
    await liveSession(reviewer, "claude:1");
    const session = await liveSession(planner, "claude:1");
    const to = reviewer.identity.cryptoId;
    await send(planner, session, to, "hello", "claude:1");
    await until(host, () => unread(reviewer, "claude:1").length === 1);
    const free = fillDisk(join(relayDatabase, ".."));
    const ids: string[] = [];
    for (let number = 0; number < 200; number++) {
      ids.push(await send(planner, session, to, `${number} ${BODY}`, "claude:1"));
    }
    const problem = () =>
      ids.map((id) => planner.sent(id).problem).find((one) => one?.includes("disk is full"));
    await until(host, () => problem() !== undefined);
    free();
    await until(host, () => unread(reviewer, "claude:1").length >= 201);
    const expected = ids.map((_, number) => `${number} ${BODY}`);
    expect(unread(reviewer, "claude:1")).toEqual(["hello", ...expected]);
  });

  test("D7 a waiting message is not tried again and again while the disk is full", async () => {
    const bench = await Bench.start();
    const [a, b] = [bench.party("a"), bench.party("b")];
    const folder = join(bench.home, a.id);
    mkdirSync(folder);
    smallDisk(folder, 4);
    await Promise.all([a.start(), b.start()]);
    await befriend(a, b);
    const writer = await a.session("claude:1");
    await b.session("claude:1");
    await a.send(writer, b, "hello");
    await b.until(() => b.unread("claude:1").length === 1);

    await bench.relayDown();
    const taken = [`first ${BODY}`];
    await a.send(writer, b, taken[0] as string);
    const free = fillDisk(folder);
    for (let number = 0; ; number++) {
      const text = `${number} ${BODY}`;
      const error = await a.send(writer, b, text).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error) break;
      taken.push(text);
    }
    await bench.relayUp();
    bench.time.advance(60_000);
    // Many turns in which nothing falls due: what is under way ends, and nothing new is tried.
    const { vault } = a.agent;
    const write = vault.write.bind(vault);
    let tries = 0;
    vault.write = (change) => {
      tries++;
      return write(change);
    };
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    expect(tries).toBeLessThan(10);

    free();
    bench.time.advance(60_000);
    await b.until(() => b.unread("claude:1").length >= taken.length + 1);
    expect(b.unread("claude:1")).toEqual(["hello", ...taken]);
  });

  test("D7 an agent that cannot open for want of space is named, and opens when there is some", async () => {
    const home = temporaryHome();
    const { agents } = homePaths(home);
    mkdirSync(agents, { recursive: true });
    smallDisk(agents, 4);
    const time = new ManualTime();
    const first = await startHost(home, { clock: time, timers: time });
    const { cryptoId } = (await first.agents.create("me")).identity;
    await first.close();
    const free = fillDisk(join(agents, cryptoId));
    const host = await startHost(home, { clock: time, timers: time });
    expect(host.snapshot().unopened).toMatchObject([{ name: "me", code: "disk_full" }]);
    await expect(host.agents.create("another")).rejects.toMatchObject({ code: "disk_full" });
    free();
    time.advance(30_000);
    await until(host, () => host.snapshot().agents.length === 1);
    expect(host.snapshot().unopened).toEqual([]);
    expect((await host.agents.create("another")).identity.name).toBe("another");
  });

  test("D7 a rescue that lacks the space changes nothing, and is done when there is some", async () => {
    const disk = temporaryHome();
    smallDisk(disk, 8);
    const folder = join(disk, "agent");
    mkdirSync(folder);
    const key = new Uint8Array(32).fill(7);
    const agent = { name: "me", seed: key, registrationId: 5, createdAt: 1, epoch: 1 };
    const vault = Vault.create(folder, key, agent);
    await fillVault(vault, 1, 1000);
    vault.close();
    const path = join(folder, "vault.db");
    truncateSync(path, statSync(path).size - 100_000);
    const damaged = readFileSync(path);
    for (const room of [0, 500_000, damaged.length + 300_000]) {
      const free = fillDisk(disk);
      truncateSync(join(disk, "filler"), statSync(join(disk, "filler")).size - room);
      expect(() => Vault.open(folder, key, 2)).toThrow(refused);
      expect(readFileSync(path).equals(damaged)).toBe(true);
      // No half made copies; SQLite's own index of an empty log may stay.
      const left = readdirSync(folder).filter((name) => !/^vault\.db-(wal|shm)$/.test(name));
      expect(left.sort()).toEqual(["identity.sealed", "vault.db", "vault.sound"]);
      free();
    }
    const rescued = Vault.open(folder, key, 3);
    expect(incidents(rescued, 9)).toHaveLength(1);
    rescued.close();
  });

  test("D7 a daemon that cannot start for want of space says so", async () => {
    const home = temporaryHome();
    smallDisk(home, 4);
    const daemon = await startDaemon(home);
    await daemon.stop();
    const free = fillDisk(home);
    const ran = await runProgram(["daemon", "--home", home]);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/disk is full.*\nFree some/)]);
    free();
    expect((await startDaemon(home)).ready.pid).toBeGreaterThan(0);
  });
});
