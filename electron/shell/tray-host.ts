import { EventEmitter } from "node:events";
import { createClient, type MessageBus } from "dbus-native";

const WATCHER = "org.kde.StatusNotifierWatcher";
const PROPERTIES = "org.freedesktop.DBus.Properties";
/** From the D-Bus specification: do not start the service in order to ask it. */
const NO_AUTO_START = 2;
/** A bus that is there answers in well under a millisecond. */
const ANSWER_MS = 2000;

/**
 * Whether something shows tray icons here. macOS and Windows always do. On Linux it is a panel or an
 * extension, known by the watcher it registers with on the session bus; stock GNOME has none, and at
 * login it may come after us. Emits `changed` when that changes.
 */
export class TrayHost extends EventEmitter<{ changed: [] }> {
  private readonly bus: MessageBus | null;
  private there: boolean;
  private looks = 0;

  private constructor(bus: MessageBus | null, there: boolean) {
    super();
    this.bus = bus;
    this.there = there;
  }

  /** Resolves once it is known, soon, and whatever the bus is like. */
  static async watch(address = process.env.DBUS_SESSION_BUS_ADDRESS): Promise<TrayHost> {
    if (process.platform !== "linux") return new TrayHost(null, true);
    const host = new TrayHost(address ? connect(address) : null, false);
    await host.follow();
    return host;
  }

  get present(): boolean {
    return this.there;
  }

  close(): void {
    this.removeAllListeners();
    this.bus?.connection.end();
  }

  private async follow(): Promise<void> {
    const { bus } = this;
    if (!bus) return;
    bus.connection.on("error", () => this.set(false));
    bus.connection.on("close", () => this.set(false));
    // The bus sends us nothing but what is asked for here.
    bus.connection.on("message", ({ member }) => {
      if (member === "NameOwnerChanged" || member?.startsWith("StatusNotifierHost")) {
        void this.look();
      }
    });
    const changes = [
      `type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='${WATCHER}'`,
      `type='signal',interface='${WATCHER}',member='StatusNotifierHostRegistered'`,
      `type='signal',interface='${WATCHER}',member='StatusNotifierHostUnregistered'`,
    ];
    // Asked in one go and answered in this order, so that no change falls between.
    await Promise.allSettled([
      bus.invokeDbus({ member: "Hello" }),
      ...changes.map((change) => bus.addMatch(change)),
      this.look(),
    ]);
  }

  /** A watcher alone shows nothing: it must have a host. Where there is no watcher, the call fails. */
  private async look(): Promise<void> {
    const look = ++this.looks;
    const registered = await this.bus
      ?.invoke<unknown>({
        destination: WATCHER,
        path: "/StatusNotifierWatcher",
        interface: PROPERTIES,
        member: "Get",
        signature: "ss",
        body: [WATCHER, "IsStatusNotifierHostRegistered"],
        flags: NO_AUTO_START,
      })
      .catch(() => false);
    // An answer that was overtaken by a later question is out of date.
    if (look === this.looks) this.set(registered === true);
  }

  private set(there: boolean): void {
    if (there === this.there) return;
    this.there = there;
    this.emit("changed");
  }
}

function connect(address: string): MessageBus | null {
  try {
    // `direct`: a client that says Hello by itself throws where nobody can catch it, should the bus
    // not answer.
    return createClient({ busAddress: address, direct: true, timeout: ANSWER_MS });
  } catch {
    // An address of a kind that the library does not know: nothing can be asked there.
    return null;
  }
}
