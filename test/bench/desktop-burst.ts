import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { _electron, type ElectronApplication } from "playwright";
import { bundle } from "../../build/bundle.ts";
import { startDisplay } from "../../build/display.ts";
import { resolveElectron } from "../../build/runtime/resolve-electron.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { quantile, rounded } from "./numbers.ts";
import { flow, party, type Route } from "./parties.ts";

const WARM_UP = 300;

/**
 * How long the window waits for the application while a burst of `count` messages comes in, which
 * the tray waits for, too: calls of the window to the main process and back, and the longest turn of
 * that process's event loop, in ms. Null where there is no display to be had.
 */
export async function measureDesktopBurst(count: number, textBytes: number) {
  if (process.platform !== "linux") return null;
  const electron = await resolveElectron();
  const folder = await bundle(electron.kind);
  const display = await startDisplay();
  const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const application = await _electron.launch({
    executablePath: electron.executable,
    args: [...root, "--disable-gpu", folder, "--home", home],
    env: {
      ...(process.env as Record<string, string>),
      ...{ DISPLAY: display.name, TINYPLACE_KEYSTORE: "file" },
    },
  });
  try {
    return await burst(application, home, { count, body: "x".repeat(textBytes) });
  } finally {
    const child = application.process();
    const closed = new Promise((resolve) => child.once("close", resolve));
    await application.close();
    if (child.exitCode === null) await closed;
    await display.close();
    rmSync(home, { recursive: true, force: true });
  }
}

async function burst(
  application: ElectronApplication,
  home: string,
  { count, body }: { count: number; body: string },
) {
  const page = await application.firstWindow();
  const host = { connect: () => connected(home) };
  const [a, b] = [await party(host, "a"), await party(host, "b")];
  // An answer first: until then every message carries the handshake.
  await flow([[b, a]], 1, body);
  const route: Route = [a, b];
  await flow([route], WARM_UP, body);
  await page.evaluate(`(() => {
    const probe = { times: [], over: false };
    globalThis.probe = probe;
    const ask = async () => {
      const start = performance.now();
      await window.tinyplace.call("host.snapshot", {});
      probe.times.push(performance.now() - start);
      if (!probe.over) setTimeout(ask, 5);
    };
    void ask();
  })()`);
  await application.evaluate(() => {
    const { monitorEventLoopDelay } = process.getBuiltinModule("node:perf_hooks");
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    Object.assign(globalThis, { delay });
  });
  await flow([route], count, body);
  const longest = await application.evaluate(
    () => (globalThis as unknown as { delay: { max: number } }).delay.max / 1e6,
  );
  const times = (await page.evaluate("probe.over = true, probe.times")) as number[];
  for (const one of [a, b]) one.client.close();
  return {
    desktop_burst_n: count,
    desktop_burst_longest_block_ms: quantile(times, 1),
    desktop_burst_p99_block_ms: quantile(times, 0.99),
    desktop_burst_loop_longest_ms: rounded(longest),
  };
}

/** Electron may be ready before the data folder has its owner. */
async function connected(home: string): Promise<HostClient> {
  const paths = homePaths(home);
  for (let looks = 0; looks < 1_000; looks++) {
    const client = await HostClient.connectIfThere(paths, "bench");
    if (client) return client;
    await pause(10);
  }
  return HostClient.connect(paths, "bench");
}

if (process.argv[1] === import.meta.filename) console.table(await measureDesktopBurst(10_000, 900));
