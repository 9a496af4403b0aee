import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import { Host } from "../../electron/daemon/host.ts";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { idleLimit, watchIdle } from "../../electron/daemon/idle-watch.ts";
import { systemClock } from "../../electron/platform/clock.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { acquireOwnerLock, type OwnerLock } from "../../electron/vault/owner-lock.ts";
import { ManualTime } from "../support/manual-time.ts";
import { ended, ownedHome, ownerOf, STARTS } from "../support/owners.ts";
import { startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const MINUTE = 60_000;
const peer: ClientPeer = {
  notify: () => undefined,
  ping: () => Promise.resolve(),
  close: () => undefined,
};
const nobodyCancels = { signal: new AbortController().signal };

/** A host with one agent, whose idle watch runs on time that passes by hand. */
async function watched() {
  const paths = homePaths(temporaryHome());
  const lock = acquireOwnerLock(paths.lock) as OwnerLock;
  // Any program there is will do for Claude Code: nothing is answered here.
  const program = { executable: process.execPath, entry: "cli.js", isElectron: false };
  const env = { TINYPLACE_CLAUDE: process.execPath };
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null, program, env });
  const agent = await host.agents.create("me");
  const timers = new ManualTime();
  const idle = vi.fn();
  const stop = watchIdle(host, { timers, limitMs: MINUTE, idle });
  const close = async () => {
    stop();
    await host.close();
  };
  const attach = async () => {
    const connection = host.connect(peer);
    const params = { wallet: "me", label: null, pinned: false, harnessSessionId: null };
    await connection.call("attach", { ...params, cwd: "/", pid: 1 }, nobodyCancels);
    return connection;
  };
  return { host, agent, timers, idle, close, attach };
}

describe("L3 a host that was started for sessions", () => {
  test("L3 ends a minute after its last session, and not before", async () => {
    const { timers, idle, close, attach } = await watched();
    timers.advance(MINUTE / 2);
    const session = await attach();
    timers.advance(60 * MINUTE);
    expect(idle).not.toHaveBeenCalled();
    session.closed();
    timers.advance(MINUTE - 1);
    expect(idle).not.toHaveBeenCalled();
    timers.advance(1);
    expect(idle).toHaveBeenCalledOnce();
    await close();
  });

  test("L3 stays while a message of ours awaits the relay", async () => {
    const { timers, idle, close, attach } = await watched();
    const session = await attach();
    // A stranger: the relay takes the message only when the contact is accepted.
    const to = drawIdentity("stranger").cryptoId;
    const rest = { toSession: null, inReplyTo: null, role: "agent", auto: false } as const;
    const message = { id: "msg-000000000000000001", to, body: "later", ...rest };
    await session.call("send", message, nobodyCancels);
    session.closed();
    timers.advance(10 * MINUTE);
    expect(idle).not.toHaveBeenCalled();
    await close();
  });

  test("L3 stays until a call that no session makes is answered, however long it takes", async () => {
    const { host, timers, idle, close } = await watched();
    const connection = host.connect(peer);
    const request = { wallet: "me", out: join(temporaryHome(), "me.backup") };
    const call = { ...request, passphrase: "correct horse battery" };
    const exporting = connection.call("agent.export", call, nobodyCancels);
    timers.advance(10 * MINUTE);
    expect(idle).not.toHaveBeenCalled();
    await exporting;
    // What only waits for mail of a session that is not live keeps nobody.
    const waiter = { sessionId: "s-1", pid: 1 };
    const ends = new AbortController();
    const waiting = connection.call("hook.wait", waiter, { signal: ends.signal });
    timers.advance(MINUTE);
    expect(idle).toHaveBeenCalledOnce();
    ends.abort();
    await waiting;
    await close();
  });

  test("L3 stays while an agent answers by itself", async () => {
    const { host, agent, timers, idle, close } = await watched();
    const responder = host.responders.of(agent);
    await responder.change({ on: true });
    timers.advance(10 * MINUTE);
    expect(idle).not.toHaveBeenCalled();
    await responder.change({ on: false });
    timers.advance(MINUTE);
    expect(idle).toHaveBeenCalledOnce();
    await close();
  });

  test("L3 stays while somebody else uses its relay", async () => {
    const { host, timers, idle, close } = await watched();
    const other = drawIdentity("other");
    const relay = new HttpRelayTransport(host.relayAddress, createSigner(other.seed), systemClock);
    timers.advance(MINUTE - 1);
    // The relay's thread tells of it a moment after its answer.
    const used = new Promise<void>((resolve) => {
      host.once("relayUsed", () => resolve());
    });
    await relay.contacts();
    await used;
    timers.advance(MINUTE - 1);
    expect(idle).not.toHaveBeenCalled();
    const online = new Promise<void>((resolve) => {
      relay.open({
        doorbell: () => undefined,
        state: (state) => {
          if (state === "online") resolve();
        },
      });
    });
    await online;
    await vi.waitUntil(() => host.isNeeded);
    timers.advance(10 * MINUTE);
    expect(idle).not.toHaveBeenCalled();
    await relay.close();
    await vi.waitUntil(() => !host.isNeeded, { timeout: 60_000 });
    timers.advance(MINUTE);
    expect(idle).toHaveBeenCalledOnce();
    await close();
  });

  test("L3 what TINYPLACE_DAEMON_IDLE_MS says, in ms", () => {
    const limits = ["250", undefined, "", "-1", "soon", "1e9"].map((text) =>
      idleLimit(text === undefined ? {} : { TINYPLACE_DAEMON_IDLE_MS: text }),
    );
    expect(limits).toEqual([250, MINUTE, MINUTE, MINUTE, MINUTE, MINUTE]);
  });
});

describe("L3 over processes", () => {
  test("L3 the one for sessions ends by itself, the one a person started stays", async () => {
    const [mine, theirs] = [ownedHome(), ownedHome()];
    const env = { TINYPLACE_DAEMON_IDLE_MS: "200" };
    const person = await startDaemon(mine, env);
    const forSessions = await startDaemon(theirs, env, ["--for-sessions"]);
    expect(await forSessions.closed).toBe(0);
    expect(await ownerOf(mine)).toBe(person.ready.pid);
    await expect(ownerOf(theirs)).rejects.toMatchObject({ code: "host_absent" });
  });

  test("L3 a bridge without a wallet keeps none alive, and gets another when it asks", async () => {
    const home = ownedHome();
    const bridge = await startBridge(home, { ...STARTS, TINYPLACE_DAEMON_IDLE_MS: "200" });
    const pid = async () => ((await bridge.call("whoami")).daemon as { pid: number }).pid;
    const first = await pid();
    await ended(first);
    await expect(ownerOf(home)).rejects.toMatchObject({ code: "host_absent" });
    expect(await pid()).not.toBe(first);
  });
});
