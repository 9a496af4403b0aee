import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { homePaths } from "../../electron/platform/paths.ts";
import { commandLine } from "../support/command-line.ts";
import { ended, ownedHome, ownerOf, STARTS } from "../support/owners.ts";
import { runProgram, startDaemon } from "../support/processes.ts";
import { TINYPLACE } from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** How the program behaves as a program: exit codes, help, completions, owners that come and go. */

test("U5 exit codes say whether words, owner or vault are missing", async () => {
  const home = temporaryHome();
  const cli = commandLine(home);
  for (const words of [["status"], ["sessions"], ["send", "someone", "hi"], ["inbox"]]) {
    expect([words, await cli.fails(...words)]).toMatchObject([
      words,
      { exit: 3, code: "host_absent", next: expect.stringContaining("tinyplace daemon") },
    ]);
  }
  const words = await cli("status");
  expect(words).toMatchObject({ code: 3, stdout: "" });
  expect(words.stderr).toMatch(/^No tinyplace runs for .*\nStart .*\n$/);

  await startDaemon(home);
  await cli.json("agents", "create", "shut");
  const secret = join(home, "passphrase");
  writeFileSync(secret, "a long enough secret\n", { mode: 0o600 });
  expect(
    await cli.json("passphrase", "set", "--wallet", "shut", "--new-file", secret),
  ).toMatchObject({ action: "set", keyStore: "passphrase", open: true });
  await cli.json("passphrase", "lock", "--wallet", "shut");
  expect(await cli.fails("inbox", "--wallet", "shut")).toMatchObject({
    exit: 4,
    code: "vault_locked",
  });
  expect((await cli("agents")).stdout).toContain("shut");

  for (const wrong of [["stauts"], ["status", "--colour"], ["relay"], ["inbox", "--limit", "0"]]) {
    expect([wrong, await cli.fails(...wrong)]).toMatchObject([
      wrong,
      { exit: 2, code: "bad_request" },
    ]);
  }
  expect((await cli("stauts")).stderr).toMatch(/unknown command 'stauts'.*Did you mean status\?/);
  expect(await runProgram(["unrouted", "--help"])).toMatchObject({ code: 0, stderr: "" });
  expect((await runProgram(["--help"])).stdout).toMatch(/Exit codes:\n {2}0 {2}done\n/);
  expect((await runProgram([])).code).toBe(2);
});

test("an empty --home is refused before it means the folder one stands in, an empty TINYPLACE_HOME is none", async () => {
  const words = ["status", "--json", "--home", ""];
  expect(JSON.parse((await runProgram(words)).stderr)).toMatchObject({
    code: "bad_request",
    error: "--home names no folder.",
  });
  const home = temporaryHome();
  const { stderr } = await runProgram(["status", "--json"], { TINYPLACE_HOME: "", HOME: home });
  expect(JSON.parse(stderr).error).toContain(join(home, ".tinyplace"));
});

test("a command whose reader has enough ends well", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const words = [...TINYPLACE.words, "status", "--json", "--home", home];
  const child = spawn(TINYPLACE.command, words, { stdio: "pipe" });
  const errors: string[] = [];
  child.stderr.on("data", (data) => errors.push(String(data)));
  child.stdout.destroy();
  const [code] = await once(child, "close");
  expect([code, errors]).toEqual([0, []]);
});

test("a name that no agent can have is refused in the words for names", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  for (const name of ["", "x".repeat(100)]) {
    expect(await commandLine(home).fails("agents", "create", name)).toMatchObject({
      code: "bad_request",
      error: expect.stringContaining("cannot be a wallet's name"),
    });
  }
});

test.each([
  ["import", "FILE", "--dry-run"],
  ["import", "FILE", "--from", "/nowhere"],
  ["import", "--move-here"],
  ["import", "--passphrase-file", "/nowhere"],
  ["contacts", "verify", "peer", "--mark", "--unmark"],
  ["send", "peer", "hi", "--in-reply-to", ""],
  ["send", "peer", "hi", "--in-reply-to", "not an id"],
  ["inbox", "--session", "bad label!"],
  ["inbox", "--session", "bad label!", "--take"],
  ["unrouted", "rule", "--remove"],
  ["unrouted", "rule", "", ""],
])(
  "words that mean nothing together are refused before anything is asked: %s %s %s",
  async (...words) => {
    // No owner runs: what is asked of one would end with another code.
    expect(await commandLine(temporaryHome()).fails(...words)).toMatchObject({
      exit: 2,
      code: "bad_request",
    });
  },
);

test("a relay of the environment that is no address keeps the daemon from starting, and says so", async () => {
  const home = temporaryHome();
  const env = { TINYPLACE_API_URL: "bogus" };
  const { code, stderr } = await runProgram(["daemon", "--home", home], env);
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^TINYPLACE_API_URL: "bogus" is no relay's address\.\n/),
  ]);
  // Nothing of the start is left that keeps the next from owning the folder.
  await startDaemon(home);
});

test("L2 a command that finds no owner starts one, which ends when nobody needs it", async () => {
  const home = ownedHome();
  const cli = commandLine(home, { env: { ...STARTS, TINYPLACE_DAEMON_IDLE_MS: "1500" } });
  await cli.json("agents", "create", "alone");
  const owner = await ownerOf(home);
  expect(owner).not.toBe(process.pid);
  await cli.json("send", "alone", "a note", "--session", "claude:3");
  await ended(owner);
  // The next one finds what was committed. With `off` the command is the owner itself, and ends.
  const here = commandLine(home, { env: { TINYPLACE_SESSION_DAEMON: "off" } });
  expect(await here.json("unrouted")).toMatchObject({ count: 1, holds: [{ text: "a note" }] });
  expect(await commandLine(home).fails("sessions")).toMatchObject({ exit: 3 });
});

test("L5 a command starts nothing after a person has quit", async () => {
  const home = ownedHome();
  const daemon = await startDaemon(home);
  await daemon.stop("SIGINT");
  expect(readFileSync(homePaths(home).quitMark, "utf8")).toContain("terminal");
  expect(await commandLine(home, { env: STARTS }).fails("agents")).toMatchObject({
    exit: 3,
    code: "host_quit",
  });
});

test("U5 bash completes commands, their subcommands and options", async () => {
  const script = (await runProgram(["completion", "bash"])).stdout;
  // As bash itself asks: with the words so far, and the one that is being typed.
  const asked = async (...words: string[]) =>
    (await runProgram(["complete", "--", ...words])).stdout
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith(":"))
      .map((line) => line.split("\t")[0]);
  expect(await asked("")).toEqual(
    expect.arrayContaining(["send", "inbox", "unrouted", "contacts"]),
  );
  expect(await asked("unr")).toEqual(["unrouted"]);
  expect(await asked("contacts", "")).toEqual(expect.arrayContaining(["add", "verify", "block"]));
  expect(await asked("send", "--w")).toEqual(["--wallet", "--wait"]);
  expect(await asked("completion", "")).toEqual(["zsh", "bash", "fish", "powershell"]);
  const folder = temporaryHome();
  const file = join(folder, "tinyplace.bash");
  writeFileSync(file, script);
  const loaded = execFileSync("bash", ["-c", `source ${file} && complete -p tinyplace`], {
    encoding: "utf8",
  });
  expect(loaded).toMatch(/^complete .*-F \S+ tinyplace\n$/);
  for (const shell of ["zsh", "fish"]) {
    expect((await runProgram(["completion", shell])).stdout).toContain("tinyplace");
  }
  expect(await runProgram(["completion", "tcsh"])).toMatchObject({ code: 2 });
});
