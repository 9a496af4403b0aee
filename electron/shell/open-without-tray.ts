import type { Timers } from "../../shared/pacing/timers.ts";

/** A panel may start after us at login, and is away for a moment when it restarts. In ms. */
const GRACE_MS = 10_000;

/**
 * Calls `open` when nothing has shown tray icons for a while: a hidden window could not be reached
 * any more (rule U1). The returned function is told at the beginning and at every change.
 */
export function openWithoutTray(timers: Timers, open: () => void): (trayHost: boolean) => void {
  let cancel: (() => void) | null = null;
  return (trayHost) => {
    if (trayHost) {
      cancel?.();
      cancel = null;
    } else {
      cancel ??= timers.after(GRACE_MS, open);
    }
  };
}
