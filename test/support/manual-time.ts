import type { Clock } from "../../electron/platform/clock.ts";
import type { Timers } from "../../shared/pacing/timers.ts";

/** A clock and timers that move only when a test moves them. */
export class ManualTime implements Clock, Timers {
  private time: number;
  private readonly waiting: (() => void)[] = [];
  private pending: { due: number; task: () => void }[] = [];

  constructor(start = Date.UTC(2026, 8, 1)) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  after(ms: number, task: () => void): () => void {
    const entry = { due: this.time + ms, task };
    this.pending.push(entry);
    for (const resolve of this.waiting.splice(0)) resolve();
    return () => {
      this.pending = this.pending.filter((one) => one !== entry);
    };
  }

  /** The machine sleeps for `ms`: what falls due meanwhile runs late, at its end. */
  sleep(ms: number): void {
    this.time += ms;
    this.advance(0);
  }

  /** Moves on by `ms`, running what falls due on the way in its order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.pending
        .filter((one) => one.due <= end)
        .sort((a, b) => a.due - b.due)
        .at(0);
      if (!next) break;
      this.pending = this.pending.filter((one) => one !== next);
      this.time = Math.max(this.time, next.due);
      next.task();
    }
    this.time = end;
  }

  /** Resolves when something is due within `ms`, and not before `atLeast`. */
  async scheduled(ms: number, atLeast = 0): Promise<void> {
    const fits = (wait: number) => wait <= ms && wait >= atLeast;
    while (!this.pending.some((one) => fits(one.due - this.time))) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Sets the clock as a person or a time server does; timers run on as they were. */
  jump(ms: number): void {
    this.time += ms;
    for (const one of this.pending) one.due += ms;
  }
}
