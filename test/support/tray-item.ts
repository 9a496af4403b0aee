import { vi } from "vitest";
import { registeredItems } from "./panel.ts";
import { readProperty, type SessionBus } from "./session-bus.ts";

const ITEM = "org.kde.StatusNotifierItem";
const MENU = "com.canonical.dbusmenu";
/** From the D-Bus specification: no answer is expected. */
const NO_REPLY = 1;
const WAIT = { timeout: 60_000, interval: 50 };
/** A click that had no effect by then was not heard. */
const HEARD = { timeout: 10_000, interval: 50 };

/** Id, properties, and children of the same shape. */
type Layout = [number, Record<string, unknown>, Layout[]];

export interface MenuEntry {
  readonly id: number;
  /** As a person reads it; empty for a separator. */
  readonly label: string;
  readonly enabled: boolean;
}

/** The tray icon of one process, read and clicked over D-Bus as a panel does. */
export class TrayItem {
  private readonly bus: SessionBus;
  private readonly destination: string;
  private readonly path: string;
  private readonly menuPath: string;

  private constructor(bus: SessionBus, destination: string, path: string, menuPath: string) {
    this.bus = bus;
    this.destination = destination;
    this.path = path;
    this.menuPath = menuPath;
  }

  /** Waits until the process has registered its icon. */
  static find(bus: SessionBus, pid: number): Promise<TrayItem> {
    return vi.waitFor(async () => {
      for (const address of await registeredItems(bus)) {
        const slash = address.indexOf("/");
        const destination = address.slice(0, slash);
        const path = address.slice(slash);
        if ((await bus.client.getConnectionUnixProcessId(destination)) !== pid) continue;
        const object = { destination, path, interface: ITEM };
        return new TrayItem(bus, destination, path, await readProperty(bus, object, "Menu"));
      }
      throw new Error(`Process ${pid} has no tray icon.`);
    }, WAIT);
  }

  property<T>(name: string): PromiseLike<T> {
    const { destination, path } = this;
    return readProperty<T>(this.bus, { destination, path, interface: ITEM }, name);
  }

  /** The icon's largest image: width, height, and its pixels as ARGB. */
  async image(): Promise<{ width: number; height: number; pixels: Buffer }> {
    const images = await this.property<[number, number, Buffer][]>("IconPixmap");
    const [width, height, pixels] = images.toSorted((a, b) => b[0] - a[0])[0] ?? [];
    if (!width || !height || !pixels) throw new Error("The tray icon has no image.");
    return { width, height, pixels };
  }

  async toolTip(): Promise<string> {
    const [, , title] = await this.property<[string, unknown, string, string]>("ToolTip");
    return title;
  }

  /** What a click on the icon does. */
  async activate(): Promise<void> {
    const { destination, path } = this;
    const at = { signature: "ii", body: [0, 0] };
    await this.bus.client.invoke({
      destination,
      path,
      interface: ITEM,
      member: "Activate",
      ...at,
    });
  }

  /** The revision grows with every rebuilt menu. */
  async menu(): Promise<{ revision: number; entries: MenuEntry[] }> {
    const whole = this.menuCall("GetLayout", "iias", [0, -1, []]);
    const [revision, [, , children]] = await this.bus.client.invoke<[number, Layout]>(whole);
    return { revision, entries: children.map(entryOf) };
  }

  async labels(): Promise<string[]> {
    return (await this.menu()).entries.map((entry) => entry.label);
  }

  /**
   * Clicks a switch until it did what it should: whether a click that met a rebuilt menu was heard
   * cannot be seen in a menu that its effect rebuilds, too.
   */
  async toggle(label: string, isDone: () => boolean | Promise<boolean>): Promise<void> {
    await vi.waitFor(async () => {
      await this.clickOnce(label);
      await vi.waitFor(async () => {
        if (!(await isDone())) throw new Error(`"${label}" did nothing.`);
      }, HEARD);
    }, WAIT);
  }

  private async clickOnce(label: string): Promise<void> {
    const { entries } = await this.menu();
    const entry = entries.find((one) => one.label.trim().startsWith(label));
    if (!entry?.enabled) throw new Error(`No menu entry "${label}" can be clicked.`);
    const clicked = this.menuCall("Event", "isvu", [entry.id, "clicked", ["s", ""], 0]);
    await this.bus.client.invoke({ ...clicked, flags: NO_REPLY });
  }

  /** Clicks the one entry whose label begins so. */
  async click(label: string): Promise<void> {
    for (;;) {
      const { entries } = await this.menu();
      const found = entries.filter((one) => one.label.trim().startsWith(label));
      const [entry] = found;
      if (found.length !== 1 || !entry?.enabled) {
        throw new Error(`${found.length} menu entries begin with "${label}", or it is disabled.`);
      }
      const clicked = this.menuCall("Event", "isvu", [entry.id, "clicked", ["s", ""], 0]);
      await this.bus.client.invoke({ ...clicked, flags: NO_REPLY });
      // A menu that was rebuilt just before knew this entry no more, since ids are used once: a person
      // would click again. An application that ended at the click has no menu.
      const after = await this.menu().catch(() => null);
      if (!after || after.entries.some(({ id }) => id === entry.id)) return;
    }
  }

  private menuCall(member: string, signature: string, body: unknown[]) {
    const { destination, menuPath: path } = this;
    return { destination, path, interface: MENU, member, signature, body };
  }
}

function entryOf([id, properties]: Layout): MenuEntry {
  const { label, enabled, type } = properties;
  // A single underscore marks an access key, a double one stands for itself.
  const words = String(label ?? "").replace(/_(_?)/g, "$1");
  return { id, label: type === "separator" ? "" : words, enabled: enabled !== false };
}
