import { expect, test, vi } from "vitest";
import { Account } from "../support/plugged-claude.ts";
import { startBridge, startDaemon } from "../support/processes.ts";
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
  });
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
