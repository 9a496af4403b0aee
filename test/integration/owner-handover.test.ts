import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { type ServedHost, serveHost } from "../../electron/daemon/serve-host.ts";
import { takeOver } from "../../electron/daemon/take-over.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { readQuitMark, writeQuitMark } from "../../electron/platform/quit-mark.ts";
import type { OwnerLock } from "../../electron/vault/owner-lock.ts";
import { HOSTS, ownedHome, ownerOf, processesOf, STARTS } from "../support/owners.ts";
import { type BridgeClient, runProgram, startBridge, startDaemon } from "../support/processes.ts";

const daemonOf = async (bridge: BridgeClient) =>
  (await bridge.call("whoami")).daemon as { pid: number; kind: string };

/** What the desktop application does to become the owner, in this process. */
async function openDesktop(home: string): Promise<ServedHost> {
  const paths = homePaths(home);
  const lock = (await takeOver(paths, true)) as OwnerLock;
  const served = await serveHost({ paths, lock, kind: "desktop" });
  onTestFinished(() => served.close());
  return served;
}

describe("L4 handing over to the desktop application", () => {
  test("L4 a daemon drains and ends, sessions follow, and every message arrives once", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const wallet = { TINYPLACE_ACTIVE_WALLET: "me" };
    const setup = await startBridge(home, STARTS);
    const { created } = (await setup.call("wallet_create", { name: "me" })) as {
      created: { address: string };
    };
    const one = await startBridge(home, { ...STARTS, ...wallet, CLAUDE_CODE_SESSION_ID: "s-1" });
    const two = await startBridge(home, { ...STARTS, ...wallet, CLAUDE_CODE_SESSION_ID: "s-2" });
    expect((await two.call("whoami")).label).toBe("claude:2");
    const sent: string[] = [];
    const got: string[] = [];
    const send = async (count: number) => {
      for (let n = 0; n < count; n++) {
        const body = `message ${sent.length}`;
        sent.push(body);
        const message = { to: created.address, body, to_session: "claude:2" };
        const { sent: view } = await one.call("send", message);
        // Held while the receiver, too, is on its way to the new owner.
        expect((view as { state: string }).state).toMatch(/^(inbox|held|pushed)$/);
      }
    };
    await send(3);
    const sending = send(60);
    const desktop = await openDesktop(home);
    expect(await daemon.closed).toBe(0);
    await sending;
    await send(3);
    while (got.length < sent.length) {
      const { messages } = (await two.call("inbox")) as { messages: { text: string }[] };
      got.push(...messages.map((message) => message.text));
    }
    expect(got).toEqual(sent);
    for (const bridge of [setup, one, two]) {
      expect(await daemonOf(bridge)).toEqual({ pid: process.pid, kind: "desktop" });
    }
    expect((await two.call("whoami")).label).toBe("claude:2");
    expect(processesOf(home, "--for-sessions")).toEqual([]);
    expect(desktop.host.snapshot().host.kind).toBe("desktop");
  });

  test("L4 a bridge that hosts hands over, and goes on as a session", async () => {
    const home = ownedHome();
    const bridge = await startBridge(home, HOSTS);
    const { pid, kind } = await daemonOf(bridge);
    expect(kind).toBe("bridge");
    await openDesktop(home);
    expect(await daemonOf(bridge)).toEqual({ pid: process.pid, kind: "desktop" });
    expect(pid).not.toBe(process.pid);
  });

  test("L4 a second desktop application leaves the first, which shows its window", async () => {
    const home = ownedHome();
    const desktop = await openDesktop(home);
    let shown = 0;
    desktop.host.on("show", () => shown++);
    expect(await takeOver(homePaths(home), true)).toBeNull();
    expect(shown).toBe(1);
    expect(await takeOver(homePaths(home), false)).toBeNull();
    expect(shown).toBe(1);
    expect(await ownerOf(home)).toBe(process.pid);
  });

  test("L4 who has not proven itself cannot make a daemon hand over", async () => {
    const home = ownedHome();
    const daemon = await startDaemon(home);
    const socket = connect(homePaths(home).socket);
    const answer = new Promise<string>((resolve) =>
      socket.once("data", (data) => resolve(String(data))),
    );
    socket.write('{"jsonrpc":"2.0","id":1,"method":"handover","params":{"show":true}}\n');
    expect(await answer).toContain("proof_refused");
    socket.destroy();
    expect(await ownerOf(home)).toBe(daemon.ready.pid);
  });
});

describe("L5 a person who quits means it", () => {
  test("L5 nothing starts, tools say who quit and what to do, and a start clears it", async () => {
    const home = ownedHome();
    const paths = homePaths(home);
    const daemon = await startDaemon(home);
    const before = await startBridge(home, STARTS);
    const { created } = (await before.call("wallet_create", { name: "me" })) as {
      created: { address: string };
    };
    await before.call("use", { name: "me" });
    writeQuitMark(paths, "tray");
    await daemon.stop();
    const after = await startBridge(home, { ...STARTS, TINYPLACE_ACTIVE_WALLET: "me" });
    const hosting = await startBridge(home, { ...HOSTS, TINYPLACE_ACTIVE_WALLET: "me" });
    for (const bridge of [before, after, hosting]) {
      const answer = await bridge.call("send", { to: created.address, body: "lost?" });
      expect(answer).toMatchObject({
        code: "host_quit",
        error: expect.stringMatching(/quit it from its tray icon at .*nothing was sent/i),
        next: expect.stringContaining("tinyplace daemon"),
      });
    }
    const status = await runProgram(["status", "--home", home]);
    expect([status.code, status.stderr]).toEqual([3, expect.stringContaining("quit it from")]);
    const late = await runProgram(["daemon", "--for-sessions", "--home", home]);
    expect([late.code, late.stdout]).toEqual([0, ""]);
    expect(processesOf(home, "daemon")).toEqual([]);

    const started = await startDaemon(home);
    expect(existsSync(paths.quitMark)).toBe(false);
    for (const bridge of [before, after, hosting]) {
      expect((await daemonOf(bridge)).pid).toBe(started.ready.pid);
    }
    // Refused is not queued: nothing of it comes later.
    expect(await after.call("inbox")).toMatchObject({ count: 0 });
    expect(await before.call("inbox")).toMatchObject({ count: 0 });
  });

  test("L5 the next login ends it", async () => {
    const home = ownedHome();
    const paths = homePaths(home);
    const bridge = await startBridge(home, STARTS);
    const { pid } = await daemonOf(bridge);
    writeQuitMark(paths, "tray");
    process.kill(pid, "SIGTERM");
    await expect.poll(() => bridge.call("whoami")).toMatchObject({ code: "host_quit" });
    const mark = JSON.parse(readFileSync(paths.quitMark, "utf8"));
    mark.login = { ...mark.login, bootId: "another start of the machine", bootedAt: 0 };
    writeFileSync(paths.quitMark, JSON.stringify(mark));
    expect(await daemonOf(bridge)).toMatchObject({ kind: "headless" });
  });

  test("L5 Ctrl-C in its terminal is a person's, the end of a service is not", async () => {
    const home = ownedHome();
    const paths = homePaths(home);
    await (await startDaemon(home)).stop("SIGTERM");
    expect(readQuitMark(paths)).toBeNull();
    await (await startDaemon(home)).stop("SIGINT");
    expect(readQuitMark(paths)).toMatchObject({ from: "terminal" });
    await expect(HostClient.connect(paths, "test")).rejects.toMatchObject({ code: "host_quit" });
    const other = ownedHome();
    await (await startDaemon(other, {}, ["--for-sessions"])).stop("SIGINT");
    expect(readQuitMark(homePaths(other))).toBeNull();
  });
});
