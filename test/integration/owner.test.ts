import { rmSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import {
  ended,
  HOSTS,
  ownedHome,
  ownerOf,
  processesOf,
  procFile,
  STARTS,
} from "../support/owners.ts";
import { type BridgeClient, runProgram, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const LINUX = process.platform === "linux";

const daemonOf = async (bridge: BridgeClient) =>
  (await bridge.call("whoami")).daemon as { pid: number; kind: string };

/** A wallet in use by this bridge; its own address. */
async function useNew(bridge: BridgeClient, name: string): Promise<string> {
  const { created } = (await bridge.call("wallet_create", { name })) as {
    created: { address: string };
  };
  await bridge.call("use", { name });
  return created.address;
}

const texts = async (bridge: BridgeClient) =>
  ((await bridge.call("inbox")).messages as { text: string }[]).map((one) => one.text);

describe("L1 one owner", () => {
  test("L1 after kill -9 a bridge that waited takes over, and the session goes on", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const bridge = await startBridge(home, HOSTS);
    const me = await useNew(bridge, "me");
    await bridge.call("send", { to: me, body: "kept", to_session: "claude:9" });
    await daemon.stop("SIGKILL");
    const owner = await daemonOf(bridge);
    expect(owner).toMatchObject({ kind: "bridge" });
    expect(owner.pid).not.toBe(daemon.ready.pid);
    expect(await bridge.call("sessions")).toMatchObject({ thisLabel: "claude:1" });
    const ninth = { TINYPLACE_ACTIVE_WALLET: "me", TINYPLACE_SESSION_LABEL: "claude:9" };
    expect(await texts(await startBridge(home, { ...HOSTS, ...ninth }))).toEqual(["kept"]);
  });

  test("L1 a call that waits outlives its owner", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const bridge = await startBridge(home, HOSTS);
    const me = await useNew(bridge, "me");
    const waiting = bridge.call("await_reply", { from: me, timeout_seconds: 120 });
    await daemon.stop("SIGKILL");
    await bridge.call("send", { to: me, body: "to myself", to_session: "claude:1" });
    expect(await waiting).toMatchObject({ reply: { text: "to myself" } });
  });

  test("L1 a hung owner is reported and never robbed; awake again, it is the owner", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const { pid } = daemon.ready;
    const attached = await startBridge(home, HOSTS);
    const me = await useNew(attached, "me");
    process.kill(pid, "SIGSTOP");
    const asked = attached.call("send", { to: me, body: "x" });
    const late = await startBridge(home, HOSTS);
    for (const answer of [asked, late.call("whoami")]) {
      expect(await answer).toMatchObject({
        code: "host_hung",
        error: expect.stringContaining(`process ${pid}`),
        next: expect.stringContaining(`process ${pid}`),
      });
    }
    const second = await runProgram(["daemon", "--home", home]);
    expect([second.code, second.stderr]).toEqual([3, expect.stringContaining("does not answer")]);
    process.kill(pid, "SIGCONT");
    await vi.waitUntil(async () => (await late.call("whoami")).code === undefined, {
      timeout: 60_000,
    });
    expect(await daemonOf(late)).toEqual({ pid, kind: "headless" });
  });

  test("L1 who is refused leaves the owner's socket as it is", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const { socket } = homePaths(home);
    const before = LINUX ? statSync(socket).ino : null;
    const refused = await runProgram(["daemon", "--home", home]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("already runs")]);
    const quiet = await runProgram(["daemon", "--for-sessions", "--home", home]);
    expect([quiet.code, quiet.stdout, quiet.stderr]).toEqual([0, "", ""]);
    if (LINUX) expect(statSync(socket).ino).toBe(before);
    expect(await ownerOf(home)).toBe(daemon.ready.pid);
  });

  test("L1 with its lock file deleted an owner writes nothing once there is another", async () => {
    const home = ownedHome();
    await startDaemon(home);
    const old = await startBridge(home);
    const me = await useNew(old, "me");
    rmSync(homePaths(home).lock);
    const next = await startDaemon(home);
    expect(await old.call("send", { to: me, body: "late" })).toMatchObject({
      code: "host_running",
      next: expect.stringContaining("Nothing was written here"),
    });
    expect(await ownerOf(home)).toBe(next.ready.pid);
  });

  test("L1 a damaged lock file is named, with what to do", async () => {
    const home = ownedHome();
    const { lock } = homePaths(home);
    writeFileSync(
      lock,
      "no database at all, but long enough to be read as the head of one ".repeat(9),
    );
    const refused = await runProgram(["daemon", "--home", home]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(lock)]);
    expect(refused.stderr).toContain("delete that file");
  });

  test("L1 the relay's database takes no change of an owner before", async () => {
    const path = `${temporaryHome()}/relay.db`;
    const old = new SqliteRelayStore(path, { ownerEpoch: 5 });
    await old.publishOneTime("agent", []);
    const next = new SqliteRelayStore(path, { ownerEpoch: 6 });
    await expect(old.publishOneTime("agent", [])).rejects.toMatchObject({ code: "host_running" });
    await next.publishOneTime("agent", []);
    expect(() => new SqliteRelayStore(path, { ownerEpoch: 5 })).toThrow(/become the owner/);
    await Promise.all([old.close(), next.close()]);
  });
});

describe("L2 a client that finds no owner", () => {
  test("L2 starts one, and M1 its first call waits for it", async () => {
    const home = ownedHome();
    const bridge = await startBridge(home, {
      ...STARTS,
      CLAUDE_CODE_SESSION_ID: "s-1",
      ANTHROPIC_API_KEY: "secret",
      ELECTRON_ENABLE_LOGGING: "1",
      NODE_NO_WARNINGS: "1",
      TINYPLACE_SESSION_LABEL: "claude:5",
      SOMETHING_ELSE: "kept",
    });
    const owner = await daemonOf(bridge);
    expect(owner.kind).toBe("headless");
    if (!LINUX) return;
    const names = procFile(owner.pid, "environ")
      .split("\0")
      .map((one) => one.split("=")[0] ?? "");
    expect(names).toContain("SOMETHING_ELSE");
    expect(names).toContain("TINYPLACE_DAEMON_IDLE_MS");
    const ofASession = /^(ELECTRON|NODE_|CLAUDE|ANTHROPIC|TINYPLACE_SESSION)/;
    expect(names.filter((name) => ofASession.test(name))).toEqual([]);
    // Its own session and process group: neither the terminal's nor Claude Code's signals reach it.
    const [group, session] = (procFile(owner.pid, "stat").split(") ")[1] ?? "").split(" ").slice(2);
    expect([group, session]).toEqual([String(owner.pid), String(owner.pid)]);
    await bridge.close();
    expect(await ownerOf(home)).toBe(owner.pid);
  });

  test("L2 of ten bridges at once exactly one starts an owner", async () => {
    const home = ownedHome();
    const bridges = await Promise.all(Array.from({ length: 10 }, () => startBridge(home, STARTS)));
    const owners = await Promise.all(bridges.map(daemonOf));
    expect(new Set(owners.map((one) => one.pid)).size).toBe(1);
    expect(new Set(owners.map((one) => one.kind))).toEqual(new Set(["headless"]));
    if (LINUX) expect(processesOf(home, "--for-sessions")).toEqual([owners[0]?.pid]);
  });

  test("L2 with TINYPLACE_SESSION_DAEMON=off it is the owner itself, and others follow it", async () => {
    const home = ownedHome();
    const first = await startBridge(home, HOSTS);
    const me = await useNew(first, "me");
    const second = await startBridge(home, { ...HOSTS, TINYPLACE_ACTIVE_WALLET: "me" });
    const owner = await daemonOf(second);
    expect(owner).toMatchObject({ kind: "bridge" });
    expect(await daemonOf(first)).toEqual(owner);
    await first.call("send", { to: me, body: "before", to_session: "claude:2" });
    await first.close();
    await ended(owner.pid);
    const heir = await daemonOf(second);
    expect(heir.kind).toBe("bridge");
    expect(heir.pid).not.toBe(owner.pid);
    expect(await texts(second)).toEqual(["before"]);
  });

  test("L2 an owner that lives is joined, whatever the bridge might start", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    for (const env of [STARTS, HOSTS]) {
      const bridge = await startBridge(home, env);
      expect((await daemonOf(bridge)).pid).toBe(daemon.ready.pid);
    }
    const client = await HostClient.connect(homePaths(home), "test");
    expect((await client.call("status", {})).host.pid).toBe(daemon.ready.pid);
    client.close();
  });
});
