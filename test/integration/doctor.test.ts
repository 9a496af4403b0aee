import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { runHook, startWakeHook } from "../support/hooks.ts";
import { runProgram, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const PATIENT = { timeout: 60_000, interval: 100 };

interface Report {
  ok: boolean;
  findings: { check: string; verdict: string; finding: string; next: string | null }[];
}

/** No Claude Code is asked here: `--claude` names a program that is not there. */
async function doctor(home: string, ...words: string[]): Promise<Report & { code: number | null }> {
  const nobody = join(home, "no-claude");
  const args = ["doctor", "--home", home, "--json", "--claude", nobody, ...words];
  const { code, stdout } = await runProgram(args);
  return { code, ...(JSON.parse(stdout) as Report) };
}

function verdicts({ findings }: Report, check: string): string[] {
  return findings.filter((one) => one.check === check).map(({ verdict }) => verdict);
}

test("U5 doctor says of a host that is not there what to do, and ends with 1", async () => {
  const report = await doctor(temporaryHome());
  expect(report).toMatchObject({ ok: false, code: 1 });
  expect(verdicts(report, "socket")).toEqual(["bad"]);
  // Every finding that is not good says what to do.
  for (const { verdict, next } of report.findings) if (verdict === "bad") expect(next).toBeTruthy();
});

test("U5 doctor proves socket, relay, keys, clock, disk, hook and each session's ways in", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const setup = await startBridge(home);
  await setup.call("wallet_create", { name: "reviewer" });
  const env = { TINYPLACE_ACTIVE_WALLET: "reviewer", CLAUDE_CODE_SESSION_ID: "patient" };
  const session = await startBridge(home, env);
  await vi.waitFor(
    async () => expect((await session.call("whoami")).label).toBe("claude:1"),
    PATIENT,
  );
  await vi.waitFor(async () => {
    const report = await doctor(home);
    expect(verdicts(report, "keys")).toEqual(["ok"]);
  }, PATIENT);
  const first = await doctor(home);
  expect(first).toMatchObject({ ok: true, code: 0 });
  for (const check of ["socket", "relay", "clock"]) expect(verdicts(first, check)).toEqual(["ok"]);
  // Nothing but a tool's result reaches it so far.
  const of = (report: Report) => report.findings.find(({ check }) => check === "session");
  expect(of(first)?.verdict).toBe("warn");
  expect(of(first)?.finding).toContain(
    "tool works, hook not proven, wake not proven, channel not proven",
  );
  expect(first.findings.map(({ finding }) => finding)).toContain(
    "A marked message went through the plugin's hook program and back.",
  );
  const transcript = join(home, "transcript.jsonl");
  writeFileSync(transcript, "");
  await runHook(home, "session-start", {
    ...{ session_id: "patient", transcript_path: transcript, source: "startup" },
  });
  startWakeHook(home, "patient");
  await vi.waitFor(
    async () => expect(of(await doctor(home))?.finding).toContain("hook works, wake works"),
    PATIENT,
  );
  expect(of(await doctor(home))?.verdict).toBe("ok");
  // A mark is no mail, and nothing of it is kept.
  expect(await session.call("whoami")).toMatchObject({ buffered: 0, undecryptable: 0 });
  expect(await session.call("search", { query: "check" })).toMatchObject({ count: 0 });
});

test("U5 a channel is proven by a mark in the transcript, where the person asks for it", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const setup = await startBridge(home);
  await setup.call("wallet_create", { name: "reviewer" });
  const env = { TINYPLACE_ACTIVE_WALLET: "reviewer", CLAUDE_CODE_SESSION_ID: "patient" };
  const session = await startBridge(home, env);
  await vi.waitFor(
    async () => expect((await session.call("whoami")).label).toBe("claude:1"),
    PATIENT,
  );
  const transcript = join(home, "transcript.jsonl");
  writeFileSync(transcript, "");
  await runHook(home, "session-start", {
    ...{ session_id: "patient", transcript_path: transcript, source: "startup" },
  });
  const pushed: string[] = [];
  session.client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method !== "notifications/claude/channel") return;
    pushed.push(String(params?.content));
    // A Claude Code that takes the channel writes down what it gave to its model.
    const line = { type: "user", message: { role: "user", content: params?.content } };
    writeFileSync(transcript, `${JSON.stringify(line)}\n`, { flag: "a" });
  };
  const quiet = await doctor(home);
  expect(quiet.findings.map(({ finding }) => finding).join()).toContain("channel not proven");
  expect(pushed).toEqual([]);
  const proven = await doctor(home, "--push");
  expect(proven.findings.map(({ finding }) => finding).join()).toContain("channel works");
  expect(pushed).toHaveLength(1);
  expect(pushed[0]).toMatch(/^\[tinyplace check-[0-9a-f]{16}: a check/);
  expect(await session.call("whoami")).toMatchObject({ buffered: 0 });
});

test("U5 doctor finds a session that does not answer", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const setup = await startBridge(home);
  await setup.call("wallet_create", { name: "reviewer" });
  const session = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "reviewer" });
  await vi.waitFor(
    async () => expect((await session.call("whoami")).label).toBe("claude:1"),
    PATIENT,
  );
  // A Claude Code that hangs reads nothing and answers nothing.
  session.client.removeRequestHandler("ping");
  session.client.fallbackRequestHandler = () => new Promise(() => undefined);
  const report = await doctor(home);
  expect(report).toMatchObject({ ok: false, code: 1 });
  expect(verdicts(report, "session")).toEqual(["bad"]);
});
