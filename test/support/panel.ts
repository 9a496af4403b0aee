import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { vi } from "vitest";
import { readProperty, type SessionBus } from "./session-bus.ts";

const WATCHER = {
  destination: "org.kde.StatusNotifierWatcher",
  path: "/StatusNotifierWatcher",
  interface: "org.kde.StatusNotifierWatcher",
} as const;
const WAIT = { timeout: 60_000, interval: 50 };

/** One panel along the top, with the tray at its left end. */
const SETTINGS = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="false"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="32"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="systray"/>
  </property>
</channel>
`;

/** A real desktop panel that shows tray icons. */
export interface Panel {
  setDark(dark: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts `xfce4-panel`; resolves when it shows tray icons. */
export async function startPanel(bus: SessionBus): Promise<Panel> {
  const folder = join(String(bus.env.XDG_CONFIG_HOME), "xfce4/xfconf/xfce-perchannel-xml");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "xfce4-panel.xml"), SETTINGS);
  const words = ["--disable-wm-check", "--sm-client-disable"];
  const panel = spawn("xfce4-panel", words, { env: bus.env, stdio: "ignore" });
  let ended: string | null = null;
  panel.once("error", () => {
    ended = "The test needs xfce4-panel, which is not installed.";
  });
  panel.once("exit", (code) => {
    ended = `xfce4-panel ended with ${code}.`;
  });
  const closed = new Promise<void>((resolve) => panel.once("close", () => resolve()));
  const stop = () => panel.kill();
  process.once("exit", stop);
  await vi.waitFor(async () => {
    if (ended) return;
    if (!(await readProperty(bus, WATCHER, "IsStatusNotifierHostRegistered"))) {
      throw new Error("xfce4-panel does not show tray icons.");
    }
  }, WAIT);
  if (ended) throw new Error(ended);
  return {
    setDark: async (dark) => {
      const body = ["xfce4-panel", "/panels/dark-mode", ["b", dark]];
      await bus.client.invoke({
        destination: "org.xfce.Xfconf",
        path: "/org/xfce/Xfconf",
        interface: "org.xfce.Xfconf",
        member: "SetProperty",
        signature: "ssv",
        body,
      });
    },
    close: async () => {
      process.off("exit", stop);
      stop();
      await closed;
    },
  };
}

/** The addresses of all tray icons, as the panel knows them: bus name and path in one word. */
export function registeredItems(bus: SessionBus): PromiseLike<string[]> {
  return readProperty<string[]>(bus, WATCHER, "RegisteredStatusNotifierItems");
}

/** Grows with the tray icons that are registered from now on. */
export async function newItems(bus: SessionBus): Promise<string[]> {
  const items: string[] = [];
  const member = "StatusNotifierItemRegistered";
  bus.client.connection.on("message", (message) => {
    if (message.member === member) items.push(String(message.body?.[0]));
  });
  await bus.client.addMatch(`type='signal',interface='${WATCHER.interface}',member='${member}'`);
  return items;
}
