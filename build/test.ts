import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "./bundle.ts";
import { ROOT } from "./root.ts";
import { resolveElectron } from "./runtime/resolve-electron.ts";
import { ensureSystemPackages } from "./system.ts";

/**
 * `npm test`: sets up what the tests need, builds, runs all of them on a display of their own, and
 * ends with `N passed, N failed`. Words after `--` filter by file name.
 */
ensureSystemPackages("test");
const electron = await resolveElectron();
const official = await bundle("official");
const application = electron.kind === "official" ? official : await bundle(electron.kind);
const display = process.platform === "linux" ? await startDisplay() : null;
const folder = mkdtempSync(join(tmpdir(), "tp-report-"));
const report = join(folder, "report.json");
const code = await runVitest({
  TINYPLACE_TEST_ELECTRON: electron.executable,
  TINYPLACE_TEST_APP: application,
  TINYPLACE_TEST_CLI: join(official, "main", "cli.js"),
  ...(display ? { DISPLAY: display.name } : {}),
});
display?.process.kill();
const counts = readCounts();
rmSync(folder, { recursive: true, force: true });
for (const name of counts.skipped) process.stdout.write(`skipped: ${name}\n`);
// A run that broke outside of any test is a failure too.
const failed = counts.failed > 0 || code === 0 ? counts.failed : 1;
process.stdout.write(`${counts.passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);

function runVitest(env: Record<string, string>): Promise<number | null> {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const child = spawn(process.execPath, [vitest, "run", ...reporters, ...process.argv.slice(2)], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  return new Promise((resolve) => child.once("close", resolve));
}

function readCounts(): { passed: number; failed: number; skipped: string[] } {
  try {
    const json = JSON.parse(readFileSync(report, "utf8"));
    const tests = json.testResults.flatMap(
      (file: { assertionResults: { status: string; fullName: string }[] }) => file.assertionResults,
    );
    const skipped = tests.filter((one: { status: string }) =>
      ["skipped", "pending", "todo"].includes(one.status),
    );
    return {
      passed: json.numPassedTests,
      failed: json.numFailedTests,
      skipped: skipped.map((one: { fullName: string }) => one.fullName),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}

/** An X server of this run alone, on a free display number it chooses itself. */
async function startDisplay(): Promise<{ name: string; process: ChildProcess }> {
  const server = spawn(
    "Xvfb",
    ["-displayfd", "3", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"],
    {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    },
  );
  process.once("exit", () => server.kill());
  const number = await new Promise<string>((resolve, reject) => {
    server.stdio[3]?.once("data", (data: Buffer) => resolve(data.toString().trim()));
    server.once("error", reject);
    server.once("close", () => reject(new Error("Xvfb ended at once")));
  });
  return { name: `:${number}`, process: server };
}
