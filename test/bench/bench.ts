import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { bundle } from "../../build/bundle.ts";
import { DAEMON_ENVIRONMENT, DAEMON_NODE_OPTIONS } from "../../electron/bridge/owner-launches.ts";
import { measureDesktopBurst } from "./desktop-burst.ts";
import { hiddenDesktopMb } from "./electron-memory.ts";
import { measureGrowth } from "./growth.ts";
import { emptyTimes, hookTimes, hookWithMail, load } from "./hook-times.ts";
import { measureIdle } from "./idle.ts";
import { latencyFloor } from "./latency-floor.ts";
import { libsignalAlone } from "./libsignal-alone.ts";
import { quantile, rounded } from "./numbers.ts";
import { relayAlone } from "./relay-alone.ts";
import { keepReport, readReport, tableOf } from "./report.ts";
import { measureRetention } from "./retention.ts";
import { sdkCipherAlone } from "./sdk-cipher-alone.ts";
import { measureSessions } from "./sessions.ts";
import { sqliteAlone } from "./sqlite-alone.ts";
import { measureStarts } from "./starts.ts";
import { measureThroughput } from "./throughput.ts";
import { measureWindow } from "./window.ts";

/**
 * `npm run bench -- [--short] [--growth] [--keep FILE] [--against FILE] [--json]`: the way of a message
 * over the built program's real processes, beside what it stands on alone. `--growth` adds what 10^3,
 * 10^5 and 10^6 stored messages cost, which takes minutes; `--short` is what every CI run does.
 * `--keep` writes the report as JSON, `--against` prints what changed since another one. It reports; it
 * never fails on a time.
 */
const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    growth: { type: "boolean", default: false },
    keep: { type: "string" },
    against: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const GROWN = [1_000, 100_000, 1_000_000];
/** How often each thing is done. */
const WHOLE = {
  ...{ latencies: 500, throughput: 3000, alone: 2000, commits: 4000, relayed: 5000, hooks: 100 },
  ...{ bridges: 15, starts: 7, burst: 10_000, pairs: 50, idleMs: 60_000, retained: 50_000 },
};
const SHORT = {
  ...{ latencies: 50, throughput: 500, alone: 300, commits: 500, relayed: 500, hooks: 5 },
  ...{ bridges: 3, starts: 1, burst: 1_000, pairs: 0, idleMs: 3_000, retained: 1_000 },
};
const SIZES = options.short ? SHORT : WHOLE;
const IN_FLIGHT = 64;
const TEXT_BYTES = 900;
const SESSION = "bench-session";
const text = "x".repeat(TEXT_BYTES);

const folder = await bundle("official");
const entry = join(folder, "main", "cli.js");
const home = mkdtempSync(join(tmpdir(), "tp-bench-"));
const env = { ...(process.env as Record<string, string>), TINYPLACE_KEYSTORE: "file" };
const daemon = spawn(process.execPath, [...DAEMON_NODE_OPTIONS, entry, "daemon", "--home", home], {
  env: { ...env, ...DAEMON_ENVIRONMENT },
  stdio: ["ignore", "pipe", "inherit"],
});
// Cut off, it leaves nothing running.
process.once("exit", () => daemon.kill());
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  const report = await measure(daemon);
  if (options.keep) keepReport(options.keep, report);
  const before = options.against ? readReport(options.against) : null;
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : tableOf(report, before));
} finally {
  const closed = new Promise((resolve) => daemon.once("close", resolve));
  daemon.kill();
  await closed;
  rmSync(home, { recursive: true, force: true });
}

async function measure(host: ChildProcess) {
  if (!host.stdout) throw new Error("the daemon has no output");
  const lines = createInterface(host.stdout);
  await new Promise((resolve) => lines.once("line", resolve));
  const idleMb = resident(host);
  const setup = await bridge({});
  for (const name of ["planner", "reviewer"]) await call(setup, "wallet_create", { name });
  await setup.close();
  const sender = await bridge({ TINYPLACE_ACTIVE_WALLET: "planner" });
  const receiver = await bridge({
    TINYPLACE_ACTIVE_WALLET: "reviewer",
    CLAUDE_CODE_SESSION_ID: SESSION,
  });
  const idOf = async (client: Client) =>
    ((await call(client, "whoami", {})).active as { address: string }).address;
  const [from, to] = [await idOf(sender), await idOf(receiver)];
  const latency = await latencies(sender, receiver, from, to);
  const alone = await libsignalAlone(SIZES.alone, TEXT_BYTES);
  const secondCipher = sdkCipherAlone(SIZES.alone, TEXT_BYTES);
  const sqlite = sqliteAlone(SIZES.commits);
  const relay = await relayAlone(SIZES.relayed, TEXT_BYTES);
  const floor = await latencyFloor(SIZES.latencies, {
    libsignalPerSecond: alone.oneWayPerSecond,
    commitsMs: sqlite.sqlite_commits_of_one_message_ms,
  });
  const throughput = await messagesPerSecond(sender, receiver, to);
  const hook = join(folder, "main", "hook.mjs");
  const hooks = await hookTimes(hook, home, SESSION, SIZES.hooks);
  const empty = await emptyTimes(SIZES.hooks);
  const withMail = await hookWithMail(hook, home, SESSION, {
    count: Math.ceil(SIZES.hooks / 2),
    send: () => call(sender, "send", { to, body: text, to_session: "claude:1" }),
  });
  const residentMb = resident(host);
  await Promise.all([sender.close(), receiver.close()]);
  const over = await measureThroughput({
    ...SIZES,
    count: SIZES.throughput,
    textBytes: TEXT_BYTES,
  });
  return {
    machine: `${cpus().length} x ${cpus()[0]?.model ?? "?"}`,
    node: process.version,
    latency_n: latency.length,
    latency_p50_ms: quantile(latency, 0.5),
    latency_p99_ms: quantile(latency, 0.99),
    throughput_n: SIZES.throughput,
    throughput_per_s: Math.round(throughput),
    libsignal_alone_per_s: alone.oneWayPerSecond,
    libsignal_in_turn_per_s: alone.inTurnPerSecond,
    libsignal_encrypt_per_s: alone.encryptPerSecond,
    libsignal_decrypt_per_s: alone.decryptPerSecond,
    libsignal_handshakes_per_s: alone.handshakesPerSecond,
    second_cipher_alone_per_s: secondCipher.oneWayPerSecond,
    second_cipher_in_turn_per_s: secondCipher.inTurnPerSecond,
    second_cipher_encrypt_per_s: secondCipher.encryptPerSecond,
    second_cipher_decrypt_per_s: secondCipher.decryptPerSecond,
    second_cipher_handshakes_per_s: secondCipher.handshakesPerSecond,
    throughput_of_libsignal: rounded(throughput / alone.oneWayPerSecond),
    ...sqlite,
    ...relay,
    ...floor,
    ...over,
    latency_of_floor: rounded(quantile(latency, 0.5) / floor.latency_floor_ms),
    socket_latency_of_floor: rounded(over.socket_latency_p50_ms / floor.latency_floor_ms),
    two_way_of_libsignal: rounded(over.two_way_per_s / alone.oneWayPerSecond),
    two_way_of_sqlite_grouped: rounded(over.two_way_per_s / sqlite.sqlite_grouped_per_s),
    two_way_of_sqlite_encrypted: rounded(
      over.two_way_per_s / sqlite.sqlite_grouped_encrypted_per_s,
    ),
    bridge_start_p50_ms: quantile(await bridgeStarts(), 0.5),
    ...(options.short ? {} : await sessionFigures()),
    hook_n: hooks.length,
    hook_p50_ms: quantile(hooks, 0.5),
    hook_p95_ms: quantile(hooks, 0.95),
    empty_process_p50_ms: quantile(empty, 0.5),
    empty_process_p95_ms: quantile(empty, 0.95),
    hook_with_mail_p50_ms: quantile(withMail.hook, 0.5),
    hook_with_mail_p95_ms: quantile(withMail.hook, 0.95),
    send_to_hook_visible_p50_ms: quantile(withMail.visible, 0.5),
    load_average: load(),
    daemon_resident_mb: residentMb,
    daemon_idle_resident_mb: idleMb,
    ...(await measureRetention(SIZES.retained)),
    ...(options.growth ? await measureGrowth(GROWN) : {}),
    ...(options.short
      ? {}
      : {
          ...(await measureIdle([0, 1, 10], SIZES.idleMs)),
          desktop_hidden_mb: await hiddenDesktopMb(),
          ...(await measureWindow()),
          ...(await measureDesktopBurst(SIZES.burst, TEXT_BYTES)),
        }),
    // Last: it drops what is cached of files.
    ...(await measureStarts(SIZES.starts)),
  };
}

async function sessionFigures() {
  const sessions = await measureSessions(home, attachOnce);
  return {
    attach_p50_ms: quantile(sessions.alone, 0.5),
    attach_p95_ms: quantile(sessions.alone, 0.95),
    attach_among_100_p50_ms: quantile(sessions.crowded, 0.5),
    attach_among_100_p95_ms: quantile(sessions.crowded, 0.95),
    wake_up_p50_ms: quantile(sessions.wake, 0.5),
    wake_up_p99_ms: quantile(sessions.wake, 0.99),
    routed_among_100_per_s: Math.round(sessions.rate),
  };
}

/** Null where /proc does not tell. */
function resident(host: ChildProcess): number | null {
  if (process.platform !== "linux") return null;
  const status = readFileSync(`/proc/${host.pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

/** From the call of `send` until the target session's bridge has answered with the message, in ms. */
async function latencies(sender: Client, receiver: Client, from: string, to: string) {
  // One answer first: until then every message carries the handshake, which libsignal alone, measured
  // beside this, does not repeat either.
  await call(receiver, "send", { to: from, body: text });
  await call(sender, "await_reply", { from: to, timeout_seconds: 60 });
  const times: number[] = [];
  for (let i = 0; i < SIZES.latencies + 20; i++) {
    const arrived = call(receiver, "await_reply", { from, timeout_seconds: 60 });
    const start = performance.now();
    await call(sender, "send", { to, body: text, to_session: "claude:1" });
    const { reply } = (await arrived) as { reply: unknown };
    if (!reply) throw new Error("a message did not arrive");
    // The first ones make the session and warm the code up.
    if (i >= 20) times.push(performance.now() - start);
  }
  return times;
}

async function messagesPerSecond(sender: Client, receiver: Client, to: string): Promise<number> {
  let sent = 0;
  const start = performance.now();
  const send = async () => {
    while (sent < SIZES.throughput) {
      sent++;
      await call(sender, "send", { to, body: text, to_session: "claude:1" });
    }
  };
  const sending = Promise.all(Array.from({ length: IN_FLIGHT }, send));
  let received = 0;
  while (received < SIZES.throughput) {
    received += ((await call(receiver, "inbox", {})) as { count: number }).count;
  }
  const seconds = (performance.now() - start) / 1000;
  await sending;
  return SIZES.throughput / seconds;
}

/** From the start of `tinyplace mcp` until tools/list answers, in ms. */
async function bridgeStarts(): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < SIZES.bridges; i++) {
    const start = performance.now();
    const client = await bridge({});
    await client.listTools();
    times.push(performance.now() - start);
    await client.close();
  }
  return times;
}

/** From the start of a bridge until its session holds a label, in ms. */
async function attachOnce(wallet: string): Promise<number> {
  const start = performance.now();
  const client = await bridge({ TINYPLACE_ACTIVE_WALLET: wallet });
  const { label } = await call(client, "whoami", {});
  if (typeof label !== "string") throw new Error("the session has no label");
  const time = performance.now() - start;
  await client.close();
  return time;
}

async function bridge(extra: Record<string, string>): Promise<Client> {
  const client = new Client({ name: "bench", version: "1" });
  const args = [entry, "mcp", "--home", home];
  const options = { command: process.execPath, args, env: { ...env, ...extra } };
  await client.connect(new StdioClientTransport(options));
  return client;
}

async function call(client: Client, name: string, input: Record<string, unknown>) {
  const answer = await client.callTool({ name, arguments: input });
  if (answer.isError) throw new Error(JSON.stringify(answer.content));
  return answer.structuredContent as Record<string, unknown>;
}
