import { spawn } from "node:child_process";
import { join } from "node:path";
import { createClient, type MessageBus } from "dbus-native";
import { temporaryHome } from "./temporary-home.ts";

/** What would lead a program to the person's own desktop, settings or data. */
const OWN = /^(DBUS|XDG|GTK|GDK|GNOME|KDE|DESKTOP|SESSION|WAYLAND|TINYPLACE|CLAUDE|ANTHROPIC)/;

/** A D-Bus session of one test alone. */
export interface SessionBus {
  /** As in DBUS_SESSION_BUS_ADDRESS. */
  readonly address: string;
  /** For programs of this session: its bus, the test's display, and settings of its own. */
  readonly env: Readonly<Record<string, string>>;
  readonly client: MessageBus;
  /** Ends the bus, and with it every service that it started. */
  close(): Promise<void>;
}

/** Starts `dbus-daemon` on a socket in a temporary folder. */
export async function startSessionBus(): Promise<SessionBus> {
  const folder = temporaryHome();
  const address = `unix:path=${join(folder, "bus")}`;
  const env = {
    ...inherited(),
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    XDG_CONFIG_HOME: join(folder, "config"),
    DBUS_SESSION_BUS_ADDRESS: address,
    // The accessibility bus is another one, which nothing here needs.
    NO_AT_BRIDGE: "1",
  };
  const words = ["--session", "--nofork", "--nopidfile", `--address=${address}`, "--print-address"];
  // The services that it starts get their environment from here.
  const daemon = spawn("dbus-daemon", words, { env, stdio: ["ignore", "pipe", "ignore"] });
  const closed = new Promise<void>((resolve) => daemon.once("close", () => resolve()));
  const stop = () => daemon.kill();
  process.once("exit", stop);
  await new Promise<void>((resolve, reject) => {
    daemon.once("error", () => reject(new Error("The test needs dbus-daemon, of package dbus.")));
    daemon.once("exit", (code) => reject(new Error(`dbus-daemon ended at once with ${code}.`)));
    daemon.stdout.once("data", () => resolve());
  });
  const client = createClient({ busAddress: address });
  return {
    address,
    env,
    client,
    close: async () => {
      await client.close();
      process.off("exit", stop);
      stop();
      await closed;
    },
  };
}

/** One property of an object on the bus. */
export function readProperty<T>(
  bus: SessionBus,
  object: { readonly destination: string; readonly path: string; readonly interface: string },
  name: string,
): PromiseLike<T> {
  return bus.client.invoke<T>({
    ...object,
    interface: "org.freedesktop.DBus.Properties",
    member: "Get",
    signature: "ss",
    body: [object.interface, name],
  });
}

function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !OWN.test(name));
  return Object.fromEntries(kept) as Record<string, string>;
}
