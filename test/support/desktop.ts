import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { ElectronApplication, Page } from "playwright";
import { expect, onTestFinished } from "vitest";
import type {
  WindowBridge,
  WindowCallName,
  WindowRequest,
} from "../../shared/channels/channels.ts";
import { launchElectron, PATIENCE } from "./launch-electron.ts";
import { temporaryHome } from "./temporary-home.ts";

const executablePath = process.env.TINYPLACE_TEST_ELECTRON ?? "";
const folder = process.env.TINYPLACE_TEST_APP ?? "";
const PICTURES = join(import.meta.dirname, "../artifacts");

export interface Desktop {
  readonly home: string;
  readonly electron: ElectronApplication;
  /** The main window. */
  readonly page: Page;
  /** A window's call, made as its page makes it. */
  call<N extends WindowCallName>(name: N, request: WindowRequest<N>): Promise<unknown>;
  /** The cryptoId of a new agent. */
  createAgent(name: string): Promise<string>;
  /** The next window that opens while `open` runs. */
  opened(open: () => Promise<unknown>): Promise<Page>;
  /** Light and dark, each size in turn; the accessibility rules hold in all of them. */
  show(name: string, page?: Page, sizes?: readonly (readonly [number, number])[]): Promise<void>;
  /** As `show`, and the same with more contrast: the whole matrix. */
  inspect(name: string, page?: Page, sizes?: readonly (readonly [number, number])[]): Promise<void>;
  /** Another size, in pixels of the screen, and zoom; 1 is none. */
  resize(page: Page, size: readonly [number, number], zoom: number): Promise<void>;
  close(): Promise<void>;
}

/** The desktop application with its window, ended with the test. Needs what `npm test` prepares. */
export async function startDesktop(
  options: { home?: string; words?: readonly string[]; env?: Record<string, string> } = {},
): Promise<Desktop> {
  const home = options.home ?? temporaryHome();
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const electron = await launchElectron({
    executablePath,
    args: [...root, "--disable-gpu", folder, "--home", home, ...(options.words ?? [])],
    env: {
      ...(process.env as Record<string, string>),
      TINYPLACE_KEYSTORE: "file",
      // Nothing of the machine's own settings is read or written.
      HOME: home,
      XDG_CONFIG_HOME: join(home, "config"),
      ...options.env,
    },
  });
  const child = electron.process();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) await electron.close();
    await ended;
  };
  onTestFinished(close);
  const page = await electron.firstWindow(PATIENCE);
  await page.locator("main").first().waitFor();
  const call: Desktop["call"] = async (name, request) => {
    const answer = await page.evaluate(
      ([n, r]) =>
        (globalThis as unknown as { tinyplace: WindowBridge }).tinyplace.call(
          n as never,
          r as never,
        ),
      [name, request] as const,
    );
    expect(answer).toMatchObject({ ok: true });
    return (answer as { value: unknown }).value;
  };
  return {
    home,
    electron,
    page,
    call,
    close,
    createAgent: async (name) => {
      const { cryptoId } = (await call("agent.create", { name })) as { cryptoId: string };
      await page.getByTestId(`agent-${name}`).waitFor();
      return cryptoId;
    },
    opened: async (open) => {
      const [window] = await Promise.all([electron.waitForEvent("window", PATIENCE), open()]);
      await window.locator("main").first().waitFor();
      return window;
    },
    resize: (shown, [width, height], zoom) => resize(electron, shown, width, height, zoom),
    show: (name, shown = page, sizes = SIZES) =>
      show(electron, shown, sizes, name, ["no-preference"]),
    inspect: (name, shown = page, sizes = SIZES) =>
      show(electron, shown, sizes, name, ["no-preference", "more"]),
  };
}

const SIZES = [
  [1100, 720],
  [760, 520],
] as const;

async function show(
  electron: ElectronApplication,
  page: Page,
  sizes: readonly (readonly [number, number])[],
  name: string,
  contrasts: readonly ("no-preference" | "more")[],
): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  for (const [index, [width, height]] of sizes.entries()) {
    await resize(electron, page, width, height);
    // More contrast changes colours alone: at one size it is seen as well as at two.
    for (const contrast of index === 0 ? contrasts : contrasts.slice(0, 1)) {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, contrast });
        const marks = [index > 0 && "small", contrast === "more" && "contrast", colorScheme];
        const file = [name, ...marks].filter(Boolean).join("-");
        await page.screenshot({ path: join(PICTURES, `${file}.png`) });
        const onlyColours = contrast === "more" || colorScheme === "dark";
        expect.soft(await faults(page, onlyColours), file).toEqual([]);
      }
    }
  }
  await resize(electron, page, ...(sizes[0] as [number, number]));
  await page.emulateMedia({ colorScheme: "light", contrast: "no-preference" });
}

async function resize(
  electron: ElectronApplication,
  page: Page,
  width: number,
  height: number,
  zoom = 1,
) {
  const window = await electron.browserWindow(page);
  const size = [width, height, zoom] as const;
  // The main process may collect the answer's promise before the inspector has read it. Whether the size
  // was set is asked below.
  await window
    .evaluate((one, [w, h, factor]) => {
      one.webContents.setZoomFactor(factor);
      one.setContentSize(w, h);
    }, size)
    .catch((error: unknown) => {
      if (!String(error).includes("promise was garbage collected")) throw error;
    });
  await expect
    .poll(() => page.evaluate(() => [globalThis.innerWidth, globalThis.innerHeight]))
    .toEqual([Math.round(width / zoom), Math.round(height / zoom)]);
}

/**
 * What axe finds: the rule and where; of what was looked at whole already, by the rules about colours
 * alone. Legacy mode, since an Electron window opens no second page.
 */
async function faults(page: Page, onlyColours: boolean): Promise<string[]> {
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  axe.options({ resultTypes: ["violations"] });
  if (onlyColours) axe.withRules(["color-contrast", "link-in-text-block"]);
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
}
