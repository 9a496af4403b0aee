import { spawn } from "node:child_process";
import { statfsSync } from "node:fs";
import { errorView } from "../../shared/errors/errors.ts";
import type { SessionWays } from "../../shared/model/session-ways.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import type { CallResult } from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import { Plugin, type PluginOptions } from "./plugin/plugin.ts";
import { thisInstallation } from "./plugin/this-installation.ts";
import { HostClient } from "./socket-client.ts";
import { EXIT } from "./terminal/exit-codes.ts";
import type { Output } from "./terminal/output.ts";
import type { Cell } from "./terminal/table.ts";

/** `warn` works, but not as well as it could. */
type Verdict = "ok" | "warn" | "bad";

interface Finding {
  readonly check: "socket" | "relay" | "keys" | "plugin" | "clock" | "disk" | "session";
  readonly verdict: Verdict;
  readonly finding: string;
  /** What to do; null where there is nothing to do. */
  readonly next: string | null;
}

type Check = Finding["check"];

/** Free space below which the person is told, and below which mail is at risk, in bytes. */
const LITTLE_SPACE = 500_000_000;
const NO_SPACE = 50_000_000;
/** Relays refuse signed requests that are older or newer than a few minutes, in ms. */
const CLOCK_OFF_MS = 60_000;
const PATIENCE_MS = 10_000;

/**
 * `tinyplace doctor`: tries what has to work, from the socket to each session's ways in, and says of
 * each finding what to do. Returns the exit code: 0 when nothing is bad, else 1.
 */
export async function runDoctor(
  options: PluginOptions,
  output: Output,
  push: boolean,
): Promise<number> {
  const findings = [...(await ofHost(options.paths, push)), ...(await ofMachine(options))];
  const bad = findings.some(({ verdict }) => verdict === "bad");
  output.result({ ok: !bad, findings }, () => {
    for (const { check, verdict, finding, next } of findings) {
      output.line(MARKS[verdict], ` ${check}: ${finding}`);
      if (next !== null) output.line(`      ${next}`);
    }
  });
  await output.written();
  return bad ? EXIT.failure : EXIT.ok;
}

const MARKS: Record<Verdict, Cell> = {
  ok: { text: "ok  ", tone: "green" },
  warn: { text: "WARN", tone: "yellow" },
  bad: { text: "BAD ", tone: "red" },
};

async function ofHost(paths: HomePaths, push: boolean): Promise<Finding[]> {
  let client: HostClient;
  try {
    client = await HostClient.connect(paths, "doctor");
  } catch (error) {
    const view = errorView(error);
    return [bad("socket", view.error, view.next)];
  }
  try {
    const snapshot = await client.call("status", {});
    const reach = await client.call("reach.check", { push });
    const { host } = snapshot;
    return [
      ok("socket", `The ${host.kind} host, process ${host.pid}, answers on ${host.socket}.`),
      ...ofRelay(snapshot, reach),
      await ofClock(host.relay),
      ...ofKeys(snapshot, reach),
      ...ofSessions(reach),
    ];
  } catch (error) {
    const view = errorView(error);
    return [bad("socket", view.error, view.next)];
  } finally {
    client.close();
  }
}

function ofRelay({ host, agents }: HostSnapshot, reach: CallResult<"reach.check">): Finding[] {
  if (agents.length === 0) {
    return [warn("relay", `There is no agent yet to ask ${host.relay} with.`, CREATE)];
  }
  return reach.agents.map(({ name, relayMs, problem }) =>
    relayMs === null
      ? bad(
          "relay",
          `${name}: ${host.relay} does not answer: ${problem ?? "no reason given"}`,
          "Mail waits and is sent by itself later. Check the network and the relay's address (TINYPLACE_API_URL).",
        )
      : ok("relay", `${name}: ${host.relay} answered in ${relayMs} ms.`),
  );
}

const CREATE = "Create an agent: in the window, or with the tool wallet_create.";

function ofKeys(snapshot: HostSnapshot, reach: CallResult<"reach.check">): Finding[] {
  const shut = snapshot.unopened.map((one) =>
    bad("keys", `${one.name ?? one.cryptoId}: ${one.reason}`, one.next),
  );
  const open = snapshot.agents.map(({ name, keyStore, storage }) => {
    if (storage) return bad("keys", `${name}: ${storage.reason}`, storage.next);
    const published = reach.agents.find((one) => one.name === name)?.oneTimeKeys ?? null;
    const where = `${name}: the vault is open, its key in the ${keyStore}`;
    return published === null
      ? warn("keys", `${where}; the relay is not known to have keys of it.`, PUBLISHES)
      : ok("keys", `${where}; ${published} one-time keys are at the relay.`);
  });
  return [...shut, ...open];
}

const PUBLISHES = "They are published by themselves once the relay answers.";

function ofSessions({ sessions }: CallResult<"reach.check">): Finding[] {
  return sessions.map(({ agent, label, pid, ways }) => {
    const who = `${agent} ${label} (process ${pid}): ${waysInWords(ways)}`;
    const broken = Object.values(ways).find(({ state }) => state === "fails");
    if (broken) return bad("session", who, broken.proof);
    const comesByItself = [ways.hook, ways.wake, ways.channel].some(
      ({ state }) => state === "works",
    );
    return comesByItself ? ok("session", who) : warn("session", who, ways.hook.proof);
  });
}

function waysInWords(ways: SessionWays): string {
  const states = { works: "works", unproven: "not proven", fails: "fails" };
  return Object.entries(ways)
    .map(([name, { state }]) => `${name} ${states[state]}`)
    .join(", ");
}

/** The relay's clock against this machine's, as far as the way there and back allows. */
async function ofClock(relay: string): Promise<Finding> {
  try {
    const from = Date.now();
    const answer = await fetch(relay, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.arrayBuffer();
    const there = Date.parse(answer.headers.get("date") ?? "");
    const off = Math.round(there - (from + Date.now()) / 2);
    if (Number.isNaN(off)) return warn("clock", "The relay does not say what time it is.", null);
    if (Math.abs(off) < CLOCK_OFF_MS) return ok("clock", "This machine and the relay agree.");
    const minutes = Math.round(Math.abs(off) / 60_000);
    return bad(
      "clock",
      `This machine's clock is ${minutes} min ${off > 0 ? "behind" : "ahead of"} the relay's.`,
      "Set this machine's clock: a relay refuses what was signed at another time.",
    );
  } catch {
    return warn("clock", "The relay could not be asked for the time.", "See relay above.");
  }
}

async function ofMachine(options: PluginOptions): Promise<Finding[]> {
  return [ofDisk(options.paths), await ofPlugin(options), await ofHook(options)];
}

function ofDisk({ home }: HomePaths): Finding {
  try {
    const { bavail, bsize } = statfsSync(home);
    const free = bavail * bsize;
    const words = `${Math.floor(free / 1_000_000)} MB are free for ${home}.`;
    if (free < NO_SPACE) return bad("disk", words, "Make room: nothing more can be kept.");
    if (free < LITTLE_SPACE) return warn("disk", words, "Make room before it is full.");
    return ok("disk", words);
  } catch {
    return warn("disk", `There is no data folder ${home} yet.`, "Start tinyplace once.");
  }
}

async function ofPlugin(options: PluginOptions): Promise<Finding> {
  const install = "Run: tinyplace plugin install";
  try {
    const { installed, enabled, current, version } = await new Plugin(options).status();
    if (!installed) return warn("plugin", "The plugin is not installed in Claude Code.", install);
    if (!enabled) {
      const enable = "Run: claude plugin enable tinyplace@tinyplace";
      return warn("plugin", "The plugin is disabled in Claude Code.", enable);
    }
    return current
      ? ok("plugin", `Version ${version ?? "?"} is installed and calls this installation.`)
      : warn("plugin", "The plugin calls another installation or data folder.", install);
  } catch (error) {
    const view = errorView(error);
    return warn("plugin", view.error, view.next);
  }
}

/** Runs the hook as the plugin would, with a mark instead of a session: it has to come back. */
async function ofHook({ paths, self }: PluginOptions): Promise<Finding> {
  const { hookRuntime, hook, home } = thisInstallation(paths, self);
  const mark = `check-${process.pid}`;
  const child = spawn(hookRuntime.executable, [hook, "check", home], {
    stdio: ["pipe", "pipe", "ignore"],
    timeout: PATIENCE_MS,
    env: { ...process.env, ...(hookRuntime.isElectron ? { ELECTRON_RUN_AS_NODE: "1" } : {}) },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(JSON.stringify({ session_id: mark }));
  await new Promise((resolve) => {
    child.once("close", resolve);
    child.once("error", resolve);
  });
  return output.trim() === mark
    ? ok("plugin", "A marked message went through the plugin's hook program and back.")
    : bad(
        "plugin",
        "A marked message did not come back through the plugin's hook program.",
        `See socket above; else run it yourself: ${hookRuntime.executable} ${hook} check ${home}`,
      );
}

function ok(check: Check, finding: string): Finding {
  return { check, verdict: "ok", finding, next: null };
}

function warn(check: Check, finding: string, next: string | null): Finding {
  return { check, verdict: "warn", finding, next };
}

function bad(check: Check, finding: string, next: string): Finding {
  return { check, verdict: "bad", finding, next };
}
