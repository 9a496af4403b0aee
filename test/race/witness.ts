import { readFileSync, statSync } from "node:fs";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import type { HomePaths } from "../../electron/platform/paths.ts";
import type { Probe } from "./judge.ts";
import { monotonicMs } from "./monotonic.ts";

const LOOK_EVERY_MS = 5;
const ASK_EVERY_MS = 50;
/** The bytes that SQLite write-locks for EXCLUSIVE. */
const [FIRST_BYTE, LAST_BYTE] = [0x40000002, 0x400001ff];

/**
 * Looks from outside, and disturbs nobody: on Linux the kernel's own list of locks says who holds the
 * owner lock, and everywhere whoever listens on the socket is asked who it is.
 */
export class Witness {
  readonly probes: Probe[] = [];
  private readonly paths: HomePaths;
  private readonly look: NodeJS.Timeout;
  private asking: Promise<void>;
  private ended = false;

  constructor(paths: HomePaths) {
    this.paths = paths;
    this.look = setInterval(() => this.lookAtLock(), LOOK_EVERY_MS);
    this.asking = this.askOn();
  }

  /** Who answers on the socket now, proven; null when nobody does. */
  async ask(): Promise<number | null> {
    const from = monotonicMs();
    const client = await HostClient.connectIfThere(this.paths, "witness").catch(() => null);
    if (!client) return null;
    client.close();
    this.probes.push({ from, to: monotonicMs(), pids: [client.host.pid] });
    return client.host.pid;
  }

  async close(): Promise<void> {
    this.ended = true;
    clearInterval(this.look);
    await this.asking;
  }

  private async askOn(): Promise<void> {
    while (!this.ended) {
      await this.ask();
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  }

  private lookAtLock(): void {
    if (process.platform !== "linux") return;
    const from = monotonicMs();
    const pids = lockHolders(this.paths.lock);
    if (pids.length > 0) this.probes.push({ from, to: monotonicMs(), pids });
  }
}

/**
 * From lines such as `2: POSIX ADVISORY WRITE 14273 fe:00:2147536 1073741824 1073742335`; as they
 * stand, so a process may be named more than once.
 */
function lockHolders(path: string): number[] {
  const inode = statSync(path, { throwIfNoEntry: false })?.ino;
  if (inode === undefined) return [];
  return readFileSync("/proc/locks", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, kind, , access, , file, first, last]) => {
      if (kind !== "POSIX" || access !== "WRITE" || !file?.endsWith(`:${inode}`)) return false;
      return Number(first) <= FIRST_BYTE && Number(last) >= LAST_BYTE;
    })
    .map((words) => Number(words[4]));
}
