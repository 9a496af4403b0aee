import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  DAEMON_ENVIRONMENT,
  noteDesktop,
  ownerEnvironment,
  ownerLaunches,
  sandboxWords,
} from "../../electron/bridge/owner-launches.ts";
import { currentLogin, isLoginOver } from "../../electron/platform/login.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const DISPLAY = { DISPLAY: ":0" };
const onNode = { executable: "/bin/node", entry: "/app/main/cli.js", isElectron: false };
const onElectron = { executable: "/opt/tinyplace", entry: "/app/main/cli.js", isElectron: true };

describe("L2 how an owner is started", () => {
  test("L2 a bridge on the application's own executable knows it, and runs the daemon on it", () => {
    const paths = homePaths(temporaryHome());
    const common = ["--home", paths.home, "--for-sessions"];
    const desktop = [...sandboxWords(), "/app", "--hidden", ...common];
    expect(ownerLaunches(paths, onElectron, DISPLAY)).toEqual([
      { executable: "/opt/tinyplace", words: desktop, env: {} },
      {
        executable: "/opt/tinyplace",
        words: ["--max-semi-space-size=4", "/app/main/cli.js", "daemon", ...common],
        env: { ELECTRON_RUN_AS_NODE: "1", ...DAEMON_ENVIRONMENT },
      },
    ]);
    expect(ownerLaunches(paths, onNode, DISPLAY)).toEqual([
      {
        executable: "/bin/node",
        words: ["--max-semi-space-size=4", "/app/main/cli.js", "daemon", ...common],
        env: DAEMON_ENVIRONMENT,
      },
    ]);
  });

  test("L2 a desktop application that was removed, or a broken note of one, is passed over", () => {
    const paths = homePaths(temporaryHome());
    const executable = join(paths.home, "tinyplace");
    writeFileSync(executable, "");
    noteDesktop(paths, { executable, words: ["a"], env: { TINYPLACE_NODE: "n" } });
    expect(ownerLaunches(paths, null, DISPLAY)).toMatchObject([
      { executable, env: { TINYPLACE_NODE: "n" } },
    ]);
    rmSync(executable);
    expect(ownerLaunches(paths, null, DISPLAY)).toEqual([]);
    writeFileSync(paths.desktopNote, '{"executable":1}');
    expect(ownerLaunches(paths, null, DISPLAY)).toEqual([]);
  });

  test("L2 its environment is nobody's session", () => {
    const kept = { PATH: "p", DISPLAY: ":0", TINYPLACE_API_URL: "u", TINYPLACE_KEYSTORE: "file" };
    const session = {
      CLAUDECODE: "1",
      CLAUDE_CODE_SESSION_ID: "s",
      ANTHROPIC_API_KEY: "k",
      NODE_OPTIONS: "--inspect",
      ELECTRON_RUN_AS_NODE: "1",
      TINYPLACE_SESSION_LABEL: "claude:1",
      TINYPLACE_SESSION_DAEMON: "off",
      TINYPLACE_ACTIVE_WALLET: "me",
    };
    expect(ownerEnvironment({ ...kept, ...session })).toEqual(kept);
  });
});

describe("L5 a login is over", () => {
  test("L5 when the machine was started again, or its session ended", () => {
    const sessions = temporaryHome();
    const login = { ...currentLogin({ XDG_SESSION_ID: "7" }) };
    const state = (word: string) => writeFileSync(join(sessions, "7"), `UID=1\nSTATE=${word}\n`);
    state("active");
    expect(isLoginOver(login, sessions)).toBe(false);
    expect(isLoginOver({ ...login, bootId: "other" }, sessions)).toBe(login.bootId !== null);
    expect(isLoginOver({ ...login, bootId: null, bootedAt: 0 }, sessions)).toBe(true);
    expect(isLoginOver({ ...login, bootId: null }, sessions)).toBe(false);
    state("closing");
    expect(isLoginOver(login, sessions)).toBe(true);
    rmSync(join(sessions, "7"));
    expect(isLoginOver(login, sessions)).toBe(true);
    // Without a login manager only the machine's own start tells.
    const nowhere = join(sessions, "none");
    expect(isLoginOver(login, nowhere)).toBe(false);
    mkdirSync(nowhere);
    expect(isLoginOver({ ...login, session: null }, nowhere)).toBe(false);
  });
});
