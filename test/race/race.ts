import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { type HomePaths, homePaths } from "../../electron/platform/paths.ts";
import { judge, type LogLine, type Round } from "./judge.ts";
import { monotonicMs } from "./monotonic.ts";
import { Witness } from "./witness.ts";

const CONTENDER = fileURLToPath(new URL("./contender.ts", import.meta.url));
/** A round without an owner for this long has none, in ms. */
const OWNER_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 2;

export interface RaceResult {
  readonly processes: number;
  readonly rounds: number;
  readonly double_owners: number;
  readonly no_owner: number;
  /** From SIGKILL to the lock held by a contender that waited for it. */
  readonly takeover_ms_p50: number;
  readonly takeover_ms_p99: number;
}

/**
 * Rule L1 over real processes: all want to own one data folder, each round's owner is killed, in every
 * other round before it serves, and one that waited takes over. A new contender replaces the dead one.
 */
export async function race(processes: number, rounds: number): Promise<RaceResult> {
  const home = mkdtempSync(join(tmpdir(), "tp-race-"));
  const paths = homePaths(home);
  const log = new ContenderLog(join(home, "log"));
  const witness = new Witness(paths);
  const contenders = new Contenders(home, log.path);
  try {
    for (let n = 0; n < processes; n++) contenders.add();
    const ended: Round[] = [];
    let [killedAt, killed]: [number, number | null] = [0, null];
    for (let round = 0; round <= rounds; round++) {
      const owner = await log.ownerAfter(killedAt, killed);
      if (owner === null) break;
      if (round === 0) await createAgent(paths, witness, owner);
      // Every other round kills while the owner still starts.
      else if (round % 2 === 0) await until(async () => (await witness.ask()) === owner);
      const endedAt = monotonicMs();
      await contenders.kill(owner);
      ended.push({ killedAt, killed, endedAt });
      [killedAt, killed] = [endedAt, owner];
      contenders.add();
    }
    await witness.close();
    const { takeovers, ...verdict } = judge(ended, log.lines, witness.probes);
    return {
      processes,
      rounds: ended.length - 1,
      ...verdict,
      no_owner: verdict.no_owner + (rounds + 1 - ended.length),
      takeover_ms_p50: quantile(takeovers, 0.5),
      takeover_ms_p99: quantile(takeovers, 0.99),
    };
  } finally {
    await witness.close();
    await contenders.end();
    log.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** So that owners have a vault to open, and an epoch to claim in it. */
async function createAgent(paths: HomePaths, witness: Witness, owner: number): Promise<void> {
  await until(async () => (await witness.ask()) === owner);
  const client = await HostClient.connect(paths, "race");
  await client.call("wallet.create", { name: "one" });
  client.close();
}

class Contenders {
  private readonly running = new Map<number, { child: ChildProcess; closed: Promise<void> }>();
  private readonly words: readonly string[];

  constructor(home: string, log: string) {
    this.words = [CONTENDER, home, log];
  }

  add(): void {
    const env = { ...process.env, TINYPLACE_KEYSTORE: "file" };
    const child = spawn(process.execPath, this.words, {
      env,
      stdio: ["ignore", "ignore", "inherit"],
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    if (child.pid !== undefined) this.running.set(child.pid, { child, closed });
  }

  /** Resolves when the kernel has ended it. */
  async kill(pid: number): Promise<void> {
    const one = this.running.get(pid);
    if (!one) throw new Error(`process ${pid} is none of the contenders`);
    one.child.kill("SIGKILL");
    await one.closed;
    this.running.delete(pid);
  }

  async end(): Promise<void> {
    await Promise.all([...this.running.keys()].map((pid) => this.kill(pid)));
  }
}

/** The file that all contenders append to, read as it grows. */
class ContenderLog {
  readonly path: string;
  readonly lines: LogLine[] = [];
  private readonly file: number;
  private read = 0;
  private rest = "";

  constructor(path: string) {
    this.path = path;
    this.file = openSync(path, "a+");
  }

  /** The pid of the first line after a moment, not of the killed one; null when none comes in time. */
  async ownerAfter(moment: number, killed: number | null): Promise<number | null> {
    const first = () => {
      this.readOn();
      return this.lines.find((line) => line.at > moment && line.pid !== killed);
    };
    const start = monotonicMs();
    await until(() => Boolean(first()) || monotonicMs() - start > OWNER_WITHIN_MS);
    return first()?.pid ?? null;
  }

  close(): void {
    closeSync(this.file);
  }

  private readOn(): void {
    const { size } = fstatSync(this.file);
    const buffer = Buffer.alloc(size - this.read);
    this.read += readSync(this.file, buffer, 0, buffer.length, this.read);
    const texts = (this.rest + buffer.toString("utf8")).split("\n");
    this.rest = texts.pop() ?? "";
    for (const text of texts) this.lines.push(JSON.parse(text) as LogLine);
  }
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

function quantile(times: readonly number[], q: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return Math.round(value * 100) / 100;
}
