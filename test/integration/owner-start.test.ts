import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type Launch, noteDesktop } from "../../electron/bridge/owner-launches.ts";
import type { OwnerWays } from "../../electron/bridge/owner-seeker.ts";
import { ReconnectingClient } from "../../electron/bridge/reconnecting-client.ts";
import { ownershipHere } from "../../electron/daemon/ownership-here.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import { ManualTime } from "../support/manual-time.ts";
import { ownedHome, STARTS } from "../support/owners.ts";
import { startBridge, startDaemon } from "../support/processes.ts";

/** A program that writes down how it was started, and fails. */
function failing(home: string): { launch: Launch; starts: () => string[][] } {
  const [script, notes] = [join(home, "failing.mjs"), join(home, "starts")];
  writeFileSync(
    script,
    `import { appendFileSync } from "node:fs";
     appendFileSync(${JSON.stringify(notes)}, JSON.stringify(process.argv.slice(2)) + "\\n");
     process.exit(1);`,
  );
  const starts = () =>
    existsSync(notes)
      ? readFileSync(notes, "utf8")
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as string[])
      : [];
  return { launch: { executable: process.execPath, words: [script], env: {} }, starts };
}

function client(
  home: string,
  launches: readonly Launch[],
  timers: Timers = systemTimers,
): ReconnectingClient {
  const paths = homePaths(home);
  const ways: OwnerWays = {
    mode: "start",
    launches: () => launches,
    here: async () => ownershipHere(paths),
  };
  const made = new ReconnectingClient(paths, ways, async () => undefined, { timers });
  onTestFinished(() => made.close());
  made.start();
  return made;
}

describe("L2 what is started", () => {
  test("L2 the desktop application where one is known and a display is there, else the daemon", async () => {
    const home = ownedHome();
    const { launch, starts } = failing(home);
    noteDesktop(homePaths(home), launch);
    const bridge = await startBridge(home, { ...STARTS, DISPLAY: ":4242" });
    expect(await bridge.call("whoami")).toMatchObject({ daemon: { kind: "headless" } });
    expect(starts()).toEqual([["--hidden", "--home", home, "--for-sessions"]]);
  });

  test("L2 without a display the desktop application is not tried", async () => {
    const home = ownedHome();
    const { launch, starts } = failing(home);
    noteDesktop(homePaths(home), launch);
    const bridge = await startBridge(home, STARTS);
    expect(await bridge.call("whoami")).toMatchObject({ daemon: { kind: "headless" } });
    expect(starts()).toEqual([]);
  });

  test("L2 where none can be started the owner runs here, and others join it", async () => {
    const home = ownedHome();
    const { launch, starts } = failing(home);
    const missing = { executable: join(home, "not-there"), words: [], env: {} };
    const here = client(home, [missing, launch]);
    const { host } = await here.call("status", {});
    expect(host).toMatchObject({ kind: "bridge", pid: process.pid });
    expect(starts()).toHaveLength(1);
    const other = await startBridge(home, STARTS);
    expect(await other.call("whoami")).toMatchObject({ daemon: { pid: process.pid } });
  });

  test("L2 after a failed start the reason is told at once, and nothing is started for a while", async () => {
    const home = ownedHome();
    const paths = homePaths(home);
    const first = await startDaemon(home);
    await first.stop();
    copyFileSync(paths.secret, join(home, "kept.secret"));
    writeFileSync(paths.secret, "cut");
    const { launch, starts } = failing(home);
    // Long times pass by hand, so that a slow machine does not let the cool-down pass.
    const long = new ManualTime();
    const timers: Timers = {
      after: (ms, task) => (ms >= 5_000 ? long : systemTimers).after(ms, task),
    };
    const here = client(home, [launch], timers);
    const spoilt = {
      message: expect.stringMatching(/socket\.secret is damaged.*Nothing was done/),
    };
    for (const _ of [1, 2, 3]) await expect(here.call("status", {})).rejects.toMatchObject(spoilt);
    expect(starts()).toHaveLength(1);
    long.advance(5_000);
    await vi.waitUntil(() => starts().length === 2, { timeout: 60_000 });
    await expect(here.call("status", {})).rejects.toMatchObject(spoilt);
    expect(starts()).toHaveLength(2);
    // What a person starts meanwhile is found nevertheless.
    copyFileSync(join(home, "kept.secret"), paths.secret);
    const second = await startDaemon(home);
    expect((await here.call("status", {})).host.pid).toBe(second.ready.pid);
    expect(starts()).toHaveLength(2);
  });
});
