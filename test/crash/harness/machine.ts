import { setTimeout as delay } from "node:timers/promises";

/** A running process, however it was started. */
export interface Running {
  /** Null where nobody knows. */
  readonly pid: number | null;
  kill(): void;
  /** Asks it to end by itself. */
  end(): void;
  /** Resolves when it is gone, with what it wrote to stderr. */
  readonly ended: Promise<string>;
}

export interface MachineEvents {
  /** It ended; `failpoint` is null when the harness did it. */
  ended(machine: Machine, failpoint: string | null): void;
  /** It ended, and nobody ended it. */
  failed(machine: Machine, errors: string): void;
}

/** What the program writes with its last breath. */
const LAST_WORDS = /^failpoint (\S+)$/m;

/**
 * A process that is ended by kill -9 again and again, by the harness or by a failpoint of its own,
 * and comes back by itself each time.
 */
export class Machine {
  readonly name: string;
  private readonly launch: (env: Record<string, string>) => Promise<Running>;
  private readonly events: MachineEvents;
  private running: Running | null = null;
  private ending = false;
  private stopped = false;
  private tail: Promise<void> = Promise.resolve();

  constructor(
    name: string,
    launch: (env: Record<string, string>) => Promise<Running>,
    events: MachineEvents,
  ) {
    this.name = name;
    this.launch = launch;
    this.events = events;
  }

  /**
   * Starts it, or ends it by kill -9 and starts it again.
   * @param failpoint as TINYPLACE_FAILPOINT has it
   * @param away how long it is gone, in ms
   */
  restart(failpoint: string | null = null, away = 0): Promise<void> {
    return this.queue(async () => {
      await this.end();
      await delay(away);
      await this.begin(failpoint);
    });
  }

  /** Ends it for good; nobody is told. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.queue(() => this.end());
  }

  /** The same without waiting, for the end of the harness itself. */
  kill(): void {
    this.stopped = true;
    this.running?.kill();
  }

  get pid(): number | null {
    return this.running?.pid ?? null;
  }

  /** Has it end by itself, as at a shutdown, and starts it again. */
  restartInOrder(): Promise<void> {
    return this.queue(async () => {
      await this.end((running) => running.end());
      await this.begin(null);
    });
  }

  /** Stops its time for so many ms, as a machine's that sleeps. */
  sleep(ms: number): Promise<void> {
    return this.queue(async () => {
      const { running } = this;
      if (running?.pid == null) return;
      process.kill(running.pid, "SIGSTOP");
      await delay(ms);
      // Only what still is this process: it may have been ended meanwhile.
      if (this.running === running) process.kill(running.pid, "SIGCONT");
    });
  }

  /** Resolves when everything asked so far was done. */
  settled(): Promise<void> {
    return this.queue(async () => undefined);
  }

  private queue(task: () => Promise<void>): Promise<void> {
    const result = this.tail.then(task);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private async begin(failpoint: string | null): Promise<void> {
    const env: Record<string, string> = failpoint ? { TINYPLACE_FAILPOINT: failpoint } : {};
    let running: Running;
    try {
      running = await this.launch(env);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const met = LAST_WORDS.exec(words)?.[1];
      // It may meet its failpoint before it is ready.
      if (!met) throw error;
      this.events.ended(this, met);
      return this.begin(null);
    }
    this.running = running;
    void running.ended.then((errors) => this.onEnded(running, errors));
  }

  private async end(by = (running: Running) => running.kill()): Promise<void> {
    const { running } = this;
    if (!running) return;
    this.ending = true;
    by(running);
    await running.ended;
    this.ending = false;
  }

  private onEnded(running: Running, errors: string): void {
    if (this.running === running) this.running = null;
    if (this.stopped) return;
    const met = LAST_WORDS.exec(errors)?.[1] ?? null;
    if (met === null && !this.ending) this.events.failed(this, errors);
    this.events.ended(this, met);
    if (!this.ending) void this.restart().catch((error) => this.events.failed(this, String(error)));
  }
}
