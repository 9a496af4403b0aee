import type { Timers } from "../../shared/pacing/timers.ts";

const LOOK_EVERY_MS = 30_000;
/** Commits that leave enough behind to be worth a collection. */
const WORTH_IT = 200;

interface QuietTimeParts {
  readonly timers: Timers;
  /** Rounds of commits so far. */
  readonly commits: () => number;
  readonly tidy: () => void;
}

/**
 * Calls `tidy` once after the start, and after each time that was busy, when nothing was committed for
 * 30 s. V8 collects when something is allocated, so a process that has nothing to do keeps what it took
 * when it had. Returns what ends the watch.
 */
export function watchQuietTime({ timers, commits, tidy }: QuietTimeParts): () => void {
  let seen = commits();
  let tidied = seen - WORTH_IT;
  let cancel = (): void => undefined;
  const look = () => {
    const now = commits();
    if (now === seen && now - tidied >= WORTH_IT) {
      tidied = now;
      tidy();
    }
    seen = now;
    cancel = timers.after(LOOK_EVERY_MS, look);
  };
  cancel = timers.after(LOOK_EVERY_MS, look);
  return () => cancel();
}
