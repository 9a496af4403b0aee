import type { SessionBus } from "./session-bus.ts";

const NAME = "org.freedesktop.Notifications";
const PATH = "/org/freedesktop/Notifications";

export interface Shown {
  readonly id: number;
  readonly title: string;
  readonly body: string;
}

/** What shows notifications on a desktop: it remembers them, and is clicked by the test. */
export class NotificationDaemon {
  /** The first one first. */
  readonly shown: Shown[] = [];
  private readonly bus: SessionBus;

  private constructor(bus: SessionBus) {
    this.bus = bus;
  }

  static async start(bus: SessionBus): Promise<NotificationDaemon> {
    const daemon = new NotificationDaemon(bus);
    const { client } = bus;
    const methods = {
      Notify: (_app: string, _replaces: number, _icon: string, title: string, body: string) => {
        const id = daemon.shown.length + 1;
        daemon.shown.push({ id, title, body });
        return id;
      },
      GetCapabilities: () => ["actions", "body"],
      GetServerInformation: () => ["test", "test", "1", "1.2"],
      CloseNotification: () => undefined,
    };
    client.exportInterface(methods, PATH, {
      name: NAME,
      methods: {
        Notify: ["susssasa{sv}i", "u", [], ["id"]],
        GetCapabilities: ["", "as", [], ["capabilities"]],
        GetServerInformation: ["", "ssss", [], ["name", "vendor", "version", "spec"]],
        CloseNotification: ["u", "", ["id"], []],
      },
      signals: {},
      properties: {},
    });
    await client.requestName(NAME, 0);
    return daemon;
  }

  /** A click on the notification itself. */
  click({ id }: Shown): void {
    this.bus.client.sendSignal(PATH, NAME, "ActionInvoked", "us", [id, "default"]);
  }
}
