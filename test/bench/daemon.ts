import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundle } from "../../build/bundle.ts";
import { DAEMON_ENVIRONMENT, DAEMON_NODE_OPTIONS } from "../../electron/bridge/owner-launches.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";

const MONITOR = readFileSync(join(import.meta.dirname, "loop-monitor.ts"), "utf8");
/** Ticks of a process's time in /proc: 100 a second on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/**
 * Until a daemon has given back what a busy time took: quiet-time.ts looks every 30 s and needs two looks,
 * and pages go back in the seconds after.
 */
export const GIVEN_BACK_MS = 90_000;

/** How long turns of its event loop took, in ms. */
interface LoopTimes {
  readonly longest: number;
  readonly p99: number;
}

/** The built daemon as a process of its own, in a data folder of its own. */
export class BenchDaemon {
  readonly home: string;
  /** From its start until it said that it is ready, in ms. */
  readonly startedInMs: number;
  private readonly child: ChildProcess;

  private constructor(home: string, child: ChildProcess, startedInMs: number) {
    this.home = home;
    this.child = child;
    this.startedInMs = startedInMs;
  }

  /** @param watched its event loop can be, by `watchLoop` */
  static async start(
    home = mkdtempSync(join(tmpdir(), "tp-bench-")),
    { watched = false } = {},
  ): Promise<BenchDaemon> {
    const entry = join(await bundle("official"), "main", "cli.js");
    const options = [
      ...DAEMON_NODE_OPTIONS,
      ...(watched ? ["--import", `data:text/javascript,${encodeURIComponent(MONITOR)}`] : []),
    ];
    const start = performance.now();
    const child = spawn(process.execPath, [...options, entry, "daemon", "--home", home], {
      env: { ...process.env, ...DAEMON_ENVIRONMENT, TINYPLACE_KEYSTORE: "file" },
      stdio: ["ignore", "pipe", "inherit", ...(watched ? (["ipc"] as const) : [])],
    });
    const kill = () => child.kill();
    process.once("exit", kill);
    child.once("close", () => process.off("exit", kill));
    const { stdout } = child;
    if (!stdout) throw new Error("the daemon has no output");
    await new Promise<void>((resolve, reject) => {
      createInterface(stdout).once("line", () => resolve());
      child.once("close", (code) => reject(new Error(`the daemon ended with ${code}`)));
    });
    return new BenchDaemon(home, child, performance.now() - start);
  }

  connect(): Promise<HostClient> {
    return HostClient.connect(homePaths(this.home), "bench");
  }

  /** Watches its event loop until the returned function is called, which tells how it went. */
  watchLoop(): () => Promise<LoopTimes> {
    this.child.send("watch");
    return () => {
      const told = new Promise<LoopTimes>((resolve) => this.child.once("message", resolve));
      this.child.send("tell");
      return told;
    };
  }

  /**
   * Resident memory in MB, of which about 60 are pages of programs as they lie on disk, which all their
   * processes share and the system can drop; null where /proc does not tell.
   */
  residentMb(): number | null {
    return this.memoryMb("VmRSS");
  }

  /** The part of it that only this process has: anonymous memory in MB. */
  ownMb(): number | null {
    return this.memoryMb("RssAnon");
  }

  /** Leaves it alone until it has collected what is garbage, as a user's daemon has most of its time. */
  async rest(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GIVEN_BACK_MS));
  }

  /** Seconds of a core it has used so far; null where /proc does not tell. */
  cpuSeconds(): number | null {
    return secondsIn(this.procFile("stat"));
  }

  /** Of its main thread alone: what libsignal's thread and V8's own take is not in it. */
  mainThreadSeconds(): number | null {
    return secondsIn(this.procFile(`task/${this.child.pid}/stat`));
  }

  /** Bytes written to files so far; null where /proc does not tell. */
  writtenBytes(): number | null {
    const io = this.procFile("io");
    return io === null ? null : Number(/^write_bytes: (\d+)/m.exec(io)?.[1]);
  }

  /** Ends it in order and leaves its data folder. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.child.once("close", resolve));
    this.child.kill();
    await closed;
  }

  async stopAndRemove(): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  private memoryMb(field: string): number | null {
    const status = this.procFile("status");
    const kb = status && new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1];
    return kb ? Math.round(Number(kb) / 1024) : null;
  }

  private procFile(name: string): string | null {
    if (process.platform !== "linux") return null;
    return readFileSync(`/proc/${this.child.pid}/${name}`, "utf8");
  }
}

function secondsIn(stat: string | null): number | null {
  const fields = stat?.split(") ")[1]?.split(" ");
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND : null;
}
