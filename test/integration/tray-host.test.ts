import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { defineInterface } from "dbus-native";
import { describe, expect, onTestFinished, test } from "vitest";
import { TrayHost } from "../../electron/shell/tray-host.ts";
import { type SessionBus, startSessionBus } from "../support/session-bus.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WATCHER = "org.kde.StatusNotifierWatcher";

async function session(): Promise<SessionBus> {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  return bus;
}

async function watch(address: string): Promise<TrayHost> {
  const host = await TrayHost.watch(address);
  onTestFinished(() => host.close());
  return host;
}

/** A watcher on the bus, as a desktop has one, with or without something that shows icons. */
async function startWatcher({ client }: SessionBus, hosted: boolean) {
  const state = { hosted };
  const watcher = defineInterface({
    name: WATCHER,
    properties: {
      IsStatusNotifierHostRegistered: { type: "b", access: "read", get: () => state.hosted },
    },
    signals: { StatusNotifierHostRegistered: {}, StatusNotifierHostUnregistered: {} },
  });
  await client.export("/StatusNotifierWatcher", watcher);
  const name = await client.ownName(WATCHER);
  return {
    setHosted: (now: boolean) => {
      state.hosted = now;
      watcher.emit[`StatusNotifierHost${now ? "Registered" : "Unregistered"}`]?.();
    },
    end: () => name.release(),
  };
}

describe.runIf(process.platform === "linux")("U1 whether something shows tray icons", () => {
  test("follows the watcher and its host as they come and go", async () => {
    const bus = await session();
    const host = await watch(bus.address);
    expect(host.present).toBe(false);
    const watcher = await startWatcher(bus, false);
    const late = await watch(bus.address);
    expect(late.present).toBe(false);

    const changes = [once(host, "changed"), once(late, "changed")];
    watcher.setHosted(true);
    await Promise.all(changes);
    expect([host.present, late.present]).toEqual([true, true]);
    expect((await watch(bus.address)).present).toBe(true);

    let changed = once(host, "changed");
    watcher.setHosted(false);
    await changed;
    expect(host.present).toBe(false);
    changed = once(host, "changed");
    watcher.setHosted(true);
    await changed;
    changed = once(host, "changed");
    await watcher.end();
    await changed;
    expect(host.present).toBe(false);
  });

  test("nothing does when the bus ends", async () => {
    const bus = await startSessionBus();
    await startWatcher(bus, true);
    const host = await watch(bus.address);
    expect(host.present).toBe(true);
    const changed = once(host, "changed");
    await bus.close();
    await changed;
    expect(host.present).toBe(false);
  });

  test("nothing does without a bus, with one that cannot be reached, or one that never answers", async () => {
    const folder = temporaryHome();
    const silent = createServer();
    const path = join(folder, "silent");
    silent.listen(path);
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    for (const address of ["", `unix:path=${folder}/none`, "nonsense", `unix:path=${path}`]) {
      expect((await watch(address)).present, address).toBe(false);
    }
  });
});
