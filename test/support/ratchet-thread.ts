import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { type BatchLimits, RatchetThread } from "../../electron/ratchet/ratchet-thread.ts";
import type { Timers } from "../../shared/pacing/timers.ts";

/** A thread for libsignal's batches that has loaded; the test's end ends it. */
export async function loadedThread(timers: Timers, limits?: BatchLimits): Promise<RatchetThread> {
  const thread = new RatchetThread(timers, limits);
  onTestFinished(() => thread.close());
  await untilLoaded(thread);
  return thread;
}

export async function untilLoaded(thread: RatchetThread): Promise<void> {
  while (!thread.takes(1_000)) await nextTurn();
}
