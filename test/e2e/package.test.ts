import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { FuseState, FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { EXECUTABLE } from "../../build/package/inspectable-twin.ts";
import type { Packaged } from "../../build/package/package.ts";
import { launchElectron, PATIENCE } from "../support/launch-electron.ts";
import {
  childEnvironment,
  connectBridge,
  type Program,
  startProgram,
} from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** What people install: packaged here as for a release, with the Electron that there is. */
const ROOT = join(import.meta.dirname, "../..");
let packaged: Packaged & { inspectable: string };

beforeAll(() => {
  const words = [join(ROOT, "build/package/package.ts"), "--inspectable", "--json"];
  const said = execFileSync(process.execPath, words, { encoding: "utf8", cwd: ROOT });
  packaged = JSON.parse(said.trim().split("\n").at(-1) ?? "") as typeof packaged;
}, 300_000);

/** The packaged command line, by the launcher that a person has on the PATH. */
function packagedCli(): Program {
  return { command: join(packaged.folder, "resources", "bin", "tinyplace"), words: [], env: {} };
}

function typed(home: string, ...words: string[]): Record<string, never> {
  const said = execFileSync(packagedCli().command, [...words, "--home", home, "--json"], {
    encoding: "utf8",
    env: childEnvironment({}),
  });
  return JSON.parse(said);
}

test("U5 the packaged application and its command line carry a message to a session", async () => {
  const home = temporaryHome();
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const application = await launchElectron({
    executablePath: join(packaged.inspectable, EXECUTABLE),
    args: [...root, "--disable-gpu", "--home", home],
    env: { ...childEnvironment({}), XDG_CONFIG_HOME: join(home, "config") },
  });
  const child = application.process();
  const ended = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await application.close();
    await ended;
  });
  const page = await application.firstWindow(PATIENCE);
  await page.getByTestId("agent-name-input").fill("packed");
  await page.getByTestId("create-agent").click();
  await page.getByTestId("agent-packed").waitFor();
  await page.getByTestId("nav-settings").click();
  await page.getByText("The system's package manager brings them").waitFor();
  // How it tells people to attach sessions is the command that the session below is started by.
  const attach = await page.evaluate(() =>
    (
      globalThis as unknown as { tinyplace: { call(n: string, r: object): Promise<unknown> } }
    ).tinyplace.call("host.attach-command", {}),
  );
  expect(JSON.stringify(attach)).toContain("app.asar/main/cli.js mcp --home");

  const session = await connectBridge(home, { program: packagedCli() });
  onTestFinished(() => session.close());
  expect(await session.call("use", { name: "packed" })).toMatchObject({
    label: "claude:1",
    daemon: { kind: "desktop" },
  });
  const { sent } = typed(home, "send", "packed", "hello, package", "--session", "claude:1");
  expect(sent).toMatchObject({ state: "inbox", via: "local" });
  const { messages } = await session.call("inbox");
  expect(messages).toMatchObject([{ text: "hello, package" }]);
  expect(typed(home, "status")).toMatchObject({ host: { kind: "desktop" } });
});

test("U5 the packaged command line is a daemon by itself", async () => {
  const home = temporaryHome();
  const daemon = await startProgram(["daemon", "--home", home], {
    program: packagedCli(),
    started: (stop) =>
      onTestFinished(async () => {
        await stop();
      }),
  });
  const agent = typed(home, "agents", "create", "alone");
  expect(agent).toMatchObject({ created: { name: "alone" } });
  expect(await daemon.stop()).toBe(0);
});

test("Z3 the release's fuses are as they should be, and its twin differs in one of them", async () => {
  const fuses = async (folder: string) => {
    const wire = await getCurrentFuseWire(join(folder, EXECUTABLE));
    return (fuse: FuseV1Options) => wire[fuse] === FuseState.ENABLE;
  };
  const [release, twin] = [await fuses(packaged.folder), await fuses(packaged.inspectable)];
  const wanted = {
    [FuseV1Options.RunAsNode]: true,
    [FuseV1Options.EnableCookieEncryption]: true,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    [FuseV1Options.OnlyLoadAppFromAsar]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  };
  for (const [name, on] of Object.entries(wanted)) {
    expect([name, release(Number(name))]).toEqual([name, on]);
  }
  const all = Object.values(FuseV1Options).filter((one) => typeof one === "number");
  expect(all.filter((fuse) => release(fuse) !== twin(fuse))).toEqual([
    FuseV1Options.EnableNodeCliInspectArguments,
  ]);
});

test("what is packaged is what runs: no sources, no maps, no other platform's binaries", () => {
  const archive = join(packaged.folder, "resources", "app.asar");
  const listing =
    "console.log(require('fs').readdirSync(process.argv[1],{recursive:true}).join('\\n'))";
  const files = execFileSync(join(packaged.folder, EXECUTABLE), ["-e", listing, archive], {
    encoding: "utf8",
    env: { ...childEnvironment({}), ELECTRON_RUN_AS_NODE: "1" },
  }).split("\n");
  for (const needed of [
    "main/main.js",
    "main/cli.js",
    "main/hook.mjs",
    "renderer/index.html",
    "LICENSE",
  ]) {
    expect(files).toContain(needed);
  }
  expect(files).toContain("claude-plugin/tinyplace/.claude-plugin/plugin.json");
  const foreign = new RegExp(
    `\\.(ts|map|c|h|gyp)$|prebuilds/(?!${process.platform}-${process.arch})|^node_modules/.*\\.md$`,
  );
  expect(files.filter((file) => foreign.test(file))).toEqual([]);
  const { total, parts } = packaged.bytes;
  expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
  // Electron itself is most of it; what is ours, with its native libraries, stays small.
  const ours = Object.entries(parts).filter(([name]) => !name.startsWith("Electron"));
  expect(ours.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeLessThan(60e6);
});
