import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { launchdPlist } from "../../electron/bridge/service/service-files.ts";
import { serviceManager } from "../../electron/bridge/service/service-manager.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { commandLine } from "../support/command-line.ts";
import { type Program, startBridge } from "../support/processes.ts";
import { startProgram } from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";

interface Status {
  installed: boolean;
  current: boolean;
  active: boolean;
}

/** Tests write no service of the person who runs them, and start none: a configuration of their own. */
const bootedBySystemd = statSync("/run/systemd/system", { throwIfNoEntry: false }) !== undefined;
const here = process.platform === "linux" && !bootedBySystemd;

/** The service's command and environment, read by systemd's rules of quoting. */
function execStart(unit: string): Program {
  const words = (line: string) =>
    [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = ""]) =>
      quoted.replace(/\\(.)/g, "$1").replaceAll("%%", "%"),
    );
  const settings = unit.split("\n").flatMap((line) => {
    const value = /^Environment=(.*)$/.exec(line)?.[1];
    return value === undefined ? [] : words(value);
  });
  const [command = "", ...rest] = words(/^ExecStart=(.*)$/m.exec(unit)?.[1] ?? "");
  return {
    command,
    words: rest.map((word) => word.replaceAll("$$", "$")),
    env: Object.fromEntries(settings.map((one) => one.split(/=(.*)/s).slice(0, 2))),
  };
}

describe.runIf(here)("L3 a service where no systemd runs", () => {
  test("L3 the written unit, run by its own words, serves sessions", async () => {
    const config = temporaryHome();
    const home = join(temporaryHome(), `a b%h $HOME "q" \\ ü`);
    const env = { XDG_CONFIG_HOME: config, TINYPLACE_KEYSTORE: "file" };
    const cli = commandLine(home, { env });
    const said = await cli("service", "install");
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(said.stdout).toMatch(/systemd does not run here, so nothing is started/);
    const folder = join(config, "systemd", "user");
    const [name = "", ...others] = readdirSync(folder);
    expect(others).toEqual([]);
    const file = join(folder, name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await cli.json<Status>("service", "status")).toMatchObject({
      ...{ manager: "systemd", file, installed: true, current: true, active: false },
    });

    const unit = execStart(readFileSync(file, "utf8"));
    expect(unit.words.at(-1)).toBe(home);
    const daemon = await startProgram<{ pid: number }>([], {
      program: unit,
      started: (stop) => onTestFinished(async () => void (await stop())),
    });
    const bridge = await startBridge(home);
    await bridge.call("wallet_create", { name: "served" });
    expect(await bridge.call("use", { name: "served" })).toMatchObject({
      label: "claude:1",
      daemon: { pid: daemon.ready.pid },
    });
    // Started once more it leaves the data folder to whom it is, and is no failure to be repeated.
    const second = spawnSync(unit.command, [...unit.words], {
      env: { ...process.env, ...unit.env },
    });
    expect([second.status, String(second.stderr)]).toEqual([
      0,
      expect.stringMatching(/already runs/),
    ]);

    // Another installation's file is told from this one's.
    writeFileSync(file, readFileSync(file, "utf8").replace("RestartSec=2", "RestartSec=3"));
    expect(await cli.json<Status>("service", "status")).toMatchObject({ current: false });
    expect(await cli("service", "uninstall")).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual([]);
    expect(await cli.json("service", "uninstall")).toMatchObject({ uninstalled: false });
    expect(await cli.json<Status>("service", "status")).toMatchObject({ installed: false });
    expect(await cli.fails("service", "start")).toMatchObject({ exit: 2 });
  });

  test("L3 systemd finds nothing wrong with the unit", async ({ skip }) => {
    if (spawnSync("systemd-analyze", ["--version"]).status !== 0)
      skip("there is no systemd-analyze");
    const config = temporaryHome();
    const cli = commandLine(join(config, "a b%h"), { env: { XDG_CONFIG_HOME: config } });
    const { file } = await cli.json<{ file: string }>("service", "install");
    const verified = spawnSync("systemd-analyze", ["verify", "--user", file], {
      env: { ...process.env, XDG_RUNTIME_DIR: config, SYSTEMD_LOG_LEVEL: "warning" },
      encoding: "utf8",
    });
    expect([verified.status, verified.stderr]).toEqual([0, ""]);
  });

  test("L3 an AppImage is no program for a service, and says what is", async () => {
    const env = { XDG_CONFIG_HOME: temporaryHome(), APPIMAGE: "/somewhere/tinyplace.AppImage" };
    expect(await commandLine(temporaryHome(), { env }).fails("service", "install")).toMatchObject({
      exit: 1,
      next: expect.stringContaining("deb or rpm"),
    });
  });
});

test("a launchd agent holds every word, whatever is in it", () => {
  const words = ["/Applications/tiny & place", "daemon", "--home", '/Users/<x>/"q"'];
  const plist = launchdPlist(
    { words, env: { ELECTRON_RUN_AS_NODE: "1" } },
    "place.tiny.daemon",
    "/l",
  );
  expect(plist).toContain("<string>/Applications/tiny &amp; place</string>");
  expect(plist).toContain('<string>/Users/&lt;x&gt;/"q"</string>');
  expect(plist).toContain("<key>ELECTRON_RUN_AS_NODE</key><string>1</string>");
  expect(plist).toContain("<key>SuccessfulExit</key><false/>");
  const python = spawnSync("python3", ["-c", "import plistlib"]);
  if (python.status !== 0) return;
  // Read by another program's parser of the format.
  const script =
    "import plistlib,sys,json;print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
  const read = execFileSync("python3", ["-c", script], { input: plist, encoding: "utf8" });
  expect(JSON.parse(read)).toMatchObject({
    Label: "place.tiny.daemon",
    ProgramArguments: words,
    Umask: 0o077,
  });
});

test("each system has its own manager, each data folder its own service", () => {
  const paths = homePaths(temporaryHome());
  const mac = serviceManager(paths, {}, "darwin");
  expect(mac.file).toMatch(/Library\/LaunchAgents\/place\.tiny\.daemon\.[0-9a-f]{8}\.plist$/);
  expect(serviceManager(homePaths(temporaryHome()), {}, "darwin").name).not.toBe(mac.name);
  const usual = { ...paths, home: join(process.env.HOME ?? "", ".tinyplace") };
  expect(serviceManager(usual, {}, "linux").name).toBe("tinyplace.service");
  expect(() => serviceManager(paths, {}, "win32")).toThrow(/Windows has no services/);
});
