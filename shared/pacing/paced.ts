import type { Timers } from "./timers.ts";

/** In ms. */
interface Pace {
  /** How long the work waits for other changes to go with a first one; 0 begins it within the call. */
  readonly gatherMs: number;
  /** Between the end of the work and its next beginning, however much changes. */
  readonly restMs: number;
}

interface Paced {
  /** Something changed. */
  changed(): void;
  /** Nothing more is begun. */
  end(): void;
}

/**
 * Work that shows changes: soon after one that comes alone, seldom while they come in a burst, and
 * always once after the last. What it throws or rejects with goes to who calls it, as if it were not
 * paced, and the next change begins it again.
 */
export function paced(timers: Timers, { gatherMs, restMs }: Pace, work: () => unknown): Paced {
  let busy = false;
  let again = false;
  let ended = false;
  let cancel = (): void => undefined;
  const rest = () => {
    if (ended) return;
    cancel = timers.after(restMs, () => {
      busy = false;
      if (again) begin(0);
    });
  };
  const run = () => {
    again = false;
    let done: unknown;
    try {
      done = work();
    } finally {
      if (done instanceof Promise) void done.finally(rest);
      else rest();
    }
  };
  const begin = (waitMs: number) => {
    busy = true;
    if (waitMs > 0) cancel = timers.after(waitMs, run);
    else run();
  };
  return {
    changed: () => {
      if (ended) return;
      again = true;
      if (!busy) begin(gatherMs);
    },
    end: () => {
      ended = true;
      cancel();
    },
  };
}
