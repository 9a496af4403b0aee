import { expect, test } from "vitest";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import type { Host } from "../../electron/daemon/host.ts";
import { startHost } from "../support/host.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const context = { signal: new AbortController().signal };

/** A session whose bridge answers pings when it is told to. */
class Bridge implements ClientPeer {
  closed: string | null = null;
  private readonly pings: (() => void)[] = [];
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  async attach() {
    const connection = this.host.connect(this);
    const place = { wallet: "me", label: null, pinned: false, cwd: "/", pid: 1 };
    await connection.call("attach", { ...place, harnessSessionId: "s-1" }, context);
    return connection;
  }

  notify(): void {}

  ping(): Promise<void> {
    return new Promise((resolve) => this.pings.push(resolve));
  }

  close(goodbye?: { reason: string }): void {
    this.closed = goodbye?.reason ?? "";
  }

  get asked(): number {
    return this.pings.length;
  }

  async answer(): Promise<void> {
    for (const resolve of this.pings.splice(0)) resolve();
    await Promise.resolve();
  }
}

async function started() {
  const time = new ManualTime();
  const host = await startHost(temporaryHome(), { clock: time, timers: time });
  const agent = await host.agents.create("me");
  const bridge = new Bridge(host);
  return { time, agent, bridge, connection: await bridge.attach() };
}

test("S1 a session is asked every 10 s, and ended when it did not answer for 30 s", async () => {
  const { time, bridge } = await started();
  for (let i = 0; i < 5; i++) {
    time.advance(10_000);
    expect(bridge.asked).toBe(1);
    await bridge.answer();
  }
  time.advance(10_000);
  time.advance(29_999);
  expect(bridge.closed).toBeNull();
  time.advance(1);
  expect(bridge.closed).toMatch(/did not answer for 30 s/);
});

test("S1 a connection that ends takes its session with it at once", async () => {
  const { agent, connection } = await started();
  expect(agent.sessions.labels().map((one) => one.label)).toEqual(["claude:1"]);
  connection.closed();
  expect(agent.sessions.labels().map((one) => one.label)).toEqual([]);
});

test("S6 after a sleep of the machine a session is asked once more before it is ended", async () => {
  const { time, bridge } = await started();
  time.advance(10_000);
  expect(bridge.asked).toBe(1);
  time.sleep(3_600_000);
  expect(bridge.closed).toBeNull();
  expect(bridge.asked).toBe(2);
  await bridge.answer();
  time.advance(10_000);
  expect(bridge.asked).toBe(1);
  time.advance(30_000);
  expect(bridge.closed).toMatch(/did not answer/);
});
