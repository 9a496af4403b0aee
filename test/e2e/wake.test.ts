import { expect, test, vi } from "vitest";
import { Account } from "../support/plugged-claude.ts";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { TerminalClaude } from "../support/terminal-claude.ts";

const CLI = process.env.TINYPLACE_TEST_CLI ?? "";
const PATIENT = { timeout: 60_000, interval: 100 };

test("M2 a message wakes an interactive session that idles, as often as one comes, and once for each", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const account = new Account();
  expect(await account.plugin(CLI, "install", "--home", home)).toMatchObject({ code: 0 });
  const sender = await startBridge(home);
  const { created } = await sender.call("wallet_create", { name: "reviewer" });
  await sender.call("wallet_create", { name: "planner" });
  await sender.call("use", { name: "planner" });
  const send = async (body: string) => {
    const { sent } = await sender.call("send", {
      to: (created as { address: string }).address,
      body,
    });
    return (sent as { id: string }).id;
  };
  const ladder = async (id: string) => {
    const { sent } = await sender.call("status", { id });
    return (sent as { ladder: { rung: string }[] }).ladder.map(({ rung }) => rung);
  };
  const claude = await TerminalClaude.start(account, () => ({ say: "I have read it." }), {
    env: { TINYPLACE_ACTIVE_WALLET: "reviewer", TINYPLACE_SESSION_DAEMON: "join" },
    words: ["--dangerously-load-development-channels", "plugin:tinyplace@tinyplace"],
  });
  // The client's own words: without a login it takes no channel.
  const limit = "channels aren't available right now";
  await vi.waitFor(() => expect(claude.screen()).toContain(limit), PATIENT);
  // Nobody types anything: it idles from its start.
  await vi.waitFor(() => expect(claude.screen()).toContain("❯"), PATIENT);
  expect(claude.requests).toHaveLength(0);
  for (const [turn, text] of ["Is the build green?", "And the tests?"].entries()) {
    const id = await send(text);
    await vi.waitFor(() => expect(claude.requests).toHaveLength(turn + 1), PATIENT);
    const given = claude.requests[turn] ?? "";
    expect(given).toContain(`| ${text}`);
    expect(given).toContain(id);
    expect(given.split(`| ${text}`)).toHaveLength(2);
    // Woken is pushed; that the model had it is said when the transcript shows it.
    await vi.waitFor(
      async () => expect(await ladder(id)).toEqual(expect.arrayContaining(["pushed", "seen"])),
      PATIENT,
    );
  }
  expect(claude.screen()).toContain("tinyplace: mail for this session");
  expect(claude.requests).toHaveLength(2);
});

test("S3 a session that asked its person works again once it was allowed, and idles when its turn ended", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const account = new Account();
  expect(await account.plugin(CLI, "install", "--home", home)).toMatchObject({ code: 0 });
  const watcher = await startBridge(home);
  await watcher.call("wallet_create", { name: "reviewer" });
  await watcher.call("use", { name: "reviewer", label: "watcher" });
  let goOn = (): void => undefined;
  const seen = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const claude: TerminalClaude = await TerminalClaude.start(
    account,
    async (results) => {
      if (results.length === 1 && claude.requests.length === 2) {
        await seen;
        return { say: "It is done." };
      }
      return { tool: "Bash", input: { command: "touch allowed" } };
    },
    {
      env: { TINYPLACE_ACTIVE_WALLET: "reviewer", TINYPLACE_SESSION_DAEMON: "join" },
      words: ["--permission-mode", "default"],
    },
  );
  const becomes = (state: string) =>
    vi.waitFor(async () => expect(await stateOf(watcher)).toBe(state), PATIENT);
  await becomes("idle");
  await vi.waitFor(() => expect(claude.screen()).toContain("❯"), PATIENT);
  claude.type("Do it.", "Enter");
  await vi.waitFor(() => expect(claude.screen()).toContain("Do you want to proceed?"), PATIENT);
  await becomes("waiting");
  await answerWith(claude, "1");
  await becomes("working");
  goOn();
  await becomes("idle");
  // Refused: no hook says so, the transcript does.
  await vi.waitFor(() => expect(claude.screen()).toContain("It is done."), PATIENT);
  claude.type("And again.", "Enter");
  await vi.waitFor(() => expect(claude.screen()).toContain("Do you want to proceed?"), PATIENT);
  await becomes("waiting");
  await answerWith(claude, "Escape");
  await becomes("idle");
});

/** A dialog takes no key in its first moments, so that nobody allows what they did not read. */
async function answerWith(claude: TerminalClaude, key: string): Promise<void> {
  const gone = () => !claude.screen().includes("Do you want to proceed?");
  const press = () => {
    if (gone()) return;
    claude.type(key);
    throw new Error("it still asks");
  };
  await vi.waitFor(press, { timeout: 60_000, interval: 1_000 });
}

async function stateOf(watcher: BridgeClient): Promise<string> {
  const { sessions } = await watcher.call("sessions");
  const found = (sessions as { label: string; state: string }[]).find(
    ({ label }) => label === "claude:1",
  );
  return found?.state ?? "none";
}
