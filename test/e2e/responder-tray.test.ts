import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { startApplication } from "../support/application.ts";
import { startPanel } from "../support/panel.ts";
import { runProgram, startBridge } from "../support/processes.ts";
import { startSessionBus } from "../support/session-bus.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { TrayItem } from "../support/tray-item.ts";
import { createWallet } from "../support/two-homes.ts";

/** A message to nobody who is there is answered after half a minute. */
const WAIT = { timeout: 240_000, interval: 200 };
const STOP = "Stop automatic answers";

/** Stands in for a Claude Code that is at work: notes its process id, and does not end by itself. */
function busyClaude(): { path: string; pid(): number } {
  const folder = temporaryHome();
  const [path, note] = [join(folder, "claude"), join(folder, "pid")];
  writeFileSync(path, `#!/bin/sh\necho $$ > ${note}\nexec sleep 100000\n`);
  chmodSync(path, 0o755);
  return { path, pid: () => Number(readFileSync(note, "utf8")) };
}

test("X2 a click in the tray ends the answer that is being written, and begins no other", async () => {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const panel = await startPanel(bus);
  onTestFinished(() => panel.close());
  const home = temporaryHome();
  const claude = busyClaude();
  const settings = { TINYPLACE_AUTORESPOND: "on", TINYPLACE_CLAUDE: claude.path };
  const env = { ...bus.env, ...settings };
  const application = await startApplication({ ...bus, env }, home, ["--hidden"]);
  onTestFinished(() => application.close());
  const tray = await TrayItem.find(bus, application.pid);
  const session = await startBridge(home);
  const reviewer = await createWallet(session, "reviewer");
  await createWallet(session, "planner");
  await session.call("use", { name: "planner" });
  await session.call("send", { to: reviewer, body: "anybody?" });
  await expect.poll(() => tray.labels(), WAIT).toContain(STOP);
  const pid = claude.pid();
  expect(isAlive(pid)).toBe(true);

  await tray.click(STOP);
  await expect.poll(() => tray.labels(), WAIT).not.toContain(STOP);
  expect(isAlive(pid)).toBe(false);
  const { stdout } = await runProgram(["status", "--home", home, "--json"]);
  const { responders } = JSON.parse(stdout) as HostSnapshot;
  for (const { standing, running } of responders) {
    expect([standing, running]).toEqual([{ state: "off", reason: "stopped" }, 0]);
  }
  expect(responders.map(({ waiting }) => waiting).sort()).toEqual([0, 1]);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
