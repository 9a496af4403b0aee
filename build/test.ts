import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { DISPLAYS, type Display, startDisplay } from "./display.ts";
import { ROOT } from "./root.ts";
import { resolveElectron } from "./runtime/resolve-electron.ts";
import { ensureSystemPackages } from "./system.ts";
import type { TestCounts } from "./test-report.ts";

/**
 * `npm test`: sets up what the tests need, builds, runs them on displays of their own, and ends with
 * `N passed, N failed`, whatever went wrong. Words after `--` filter by file name.
 */
const counts = await runAll().catch((error: unknown): TestCounts => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return { passed: 0, failed: 1, skipped: [] };
});
for (const line of counts.skipped) process.stdout.write(`skipped: ${line}\n`);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed\n`);
process.exit(counts.failed > 0 ? 1 : 0);

async function runAll(): Promise<TestCounts> {
  ensureSystemPackages("test");
  const electron = await resolveElectron();
  const official = await bundle("official");
  const application = electron.kind === "official" ? official : await bundle(electron.kind);
  // What the tests start, and kill at failpoints; built here, so that no two workers build it at once.
  const built = await bundle("test");
  const displays: Display[] = [];
  while (process.platform === "linux" && displays.length < DISPLAYS) {
    displays.push(await startDisplay());
  }
  const folder = mkdtempSync(join(tmpdir(), "tp-report-"));
  try {
    return await runVitest(join(folder, "counts.json"), {
      TINYPLACE_TEST_ELECTRON: electron.executable,
      TINYPLACE_TEST_APP: application,
      TINYPLACE_TEST_CLI: join(official, "main", "cli.js"),
      TINYPLACE_TEST_BUILT: join(built, "main"),
      TINYPLACE_TEST_DISPLAYS: displays.map(({ name }) => name).join(" "),
    });
  } finally {
    await Promise.all(displays.map((display) => display.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runVitest(report: string, env: Record<string, string>): Promise<TestCounts> {
  const program = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", `--reporter=${join(ROOT, "build", "test-report.ts")}`];
  const words = [program, "run", ...reporters, ...process.argv.slice(2)];
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...env, TINYPLACE_TEST_REPORT: report },
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (!existsSync(report)) throw new Error(`vitest ended with ${code} before it could report.`);
  const counts = JSON.parse(readFileSync(report, "utf8")) as TestCounts;
  // A run that broke outside of any test is a failure too, and so is one that ran none.
  const broken = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return broken ? { ...counts, failed: 1 } : counts;
}
