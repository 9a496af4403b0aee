import { mkdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ElectronApplication, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Host } from "../../electron/daemon/host.ts";
import { homePaths, privateFolder } from "../../electron/platform/paths.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";
import { fillVault } from "../support/filled-vault.ts";
import { launchElectron, PATIENCE } from "../support/launch-electron.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** What the window shows of vaults that are locked, beyond rescue, or rescued. */
const executablePath = process.env.TINYPLACE_TEST_ELECTRON ?? "";
const folder = process.env.TINYPLACE_TEST_APP ?? "";
const PICTURES = join(import.meta.dirname, "../artifacts");
const PASSPHRASE = "correct horse battery";
const home = temporaryHome();
let application: ElectronApplication;
let page: Page;
/** Everything the application wrote. */
let output = "";

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  const paths = homePaths(home);
  privateFolder(paths.home);
  const lock = acquireOwnerLock(paths.lock);
  if (!lock) throw new Error("the data folder has an owner");
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null });
  const ids = new Map<string, string>();
  for (const name of ["planner", "reviewer", "archivist", "scout"]) {
    const agent = await host.agents.create(name);
    ids.set(name, agent.identity.cryptoId);
    if (name === "scout") await fillVault(agent.vault, 1, 300);
  }
  const keys = host.agents.vaults.keys(ids.get("reviewer") as string);
  await keys.setPassphrase(keys.open(), PASSPHRASE);
  await host.close();

  const vaultOf = (name: string) => join(paths.agents, ids.get(name) as string, "vault.db");
  writeFileSync(vaultOf("archivist"), readFileSync(vaultOf("archivist")).fill(0x5a, 0, 8192));
  rmSync(join(vaultOf("archivist"), "..", "identity.sealed"));
  truncateSync(vaultOf("scout"), statSync(vaultOf("scout")).size - 50_000);
  writeFileSync(paths.relayDatabase, "no database any more");

  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  application = await launchElectron({
    executablePath,
    args: [...root, "--disable-gpu", folder, "--home", home],
    env: { ...(process.env as Record<string, string>), TINYPLACE_KEYSTORE: "file" },
  });
  for (const stream of [application.process().stdout, application.process().stderr]) {
    stream?.on("data", (data: Buffer) => {
      output += data.toString();
    });
  }
  page = await application.firstWindow(PATIENCE);
});

afterAll(async () => {
  const child = application?.process();
  const closed = new Promise((resolve) => child?.once("close", resolve));
  await application?.close();
  if (child && child.exitCode === null) await closed;
});

test("Z1 D7 agents that do not open are named with reason and next step, beside those that do", async () => {
  const locked = page.getByTestId("unopened-reviewer");
  await locked.waitFor();
  expect(await locked.textContent()).toMatch(/Locked/);
  const damaged = page.getByTestId("unopened-archivist");
  expect(await damaged.textContent()).toMatch(/Not open.*damaged.*backup/);
  await page.getByTestId("agent-scout").click();
  await page.getByText(/The vault was damaged: its file was cut short/).waitFor();
  await page
    .getByText(/relay's database was damaged, and a new one was made/)
    .first()
    .waitFor();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(PICTURES, `vault-states-${colorScheme}.png`) });
  }

  // Unlocked in the window: a wrong passphrase changes nothing, and none of them is kept anywhere.
  const field = page.getByTestId("passphrase-reviewer");
  await field.fill("not this one");
  await field.press("Enter");
  await locked.getByRole("alert").waitFor();
  expect(await field.inputValue()).toBe("");
  await field.fill(PASSPHRASE);
  await page.getByTestId("unlock-reviewer").click();
  await page.getByTestId("agent-reviewer").click();
  await page.getByText("Under your passphrase alone").waitFor();
  expect(await locked.count()).toBe(0);
  expect(output).not.toContain(PASSPHRASE);

  // And locked again there.
  await page.getByTestId("nav-settings").click();
  await page.getByTestId("lock-reviewer").click();
  await locked.waitFor();
});
