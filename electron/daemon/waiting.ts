import type { Timers } from "../platform/timers.ts";
import type { DeliveryRow } from "../vault/mail-table.ts";
import type { Mailroom } from "./mailroom.ts";

/**
 * Calls that wait for mail (rules A1-A3). Older calls are asked first, so that of two waits for one
 * reply the older wins: listeners run in the order in which they were added.
 */
export async function waitForMail(
  parts: { mailroom: Mailroom; timers: Timers },
  wait: {
    label: () => string | null;
    find: (label: string) => DeliveryRow | null;
    ms: number;
    signal: AbortSignal;
  },
): Promise<{
  deliveries: number[];
  message: Awaited<ReturnType<Mailroom["hand"]>>["messages"][0] | null;
}> {
  const { mailroom } = parts;
  const label = wait.label();
  const now = label === null ? null : wait.find(label);
  const found = now ?? (wait.ms > 0 ? await nextFind(parts, wait) : null);
  if (!found || wait.signal.aborted) return { deliveries: [], message: null };
  const handed = await mailroom.hand([found]);
  return { deliveries: handed.deliveries, message: handed.messages[0] ?? null };
}

function nextFind(
  { mailroom, timers }: { mailroom: Mailroom; timers: Timers },
  wait: {
    label: () => string | null;
    find: (label: string) => DeliveryRow | null;
    ms: number;
    signal: AbortSignal;
  },
): Promise<DeliveryRow | null> {
  return new Promise((resolve) => {
    const end = (row: DeliveryRow | null) => {
      mailroom.off("delivered", look);
      wait.signal.removeEventListener("abort", aborted);
      cancel();
      resolve(row);
    };
    const look = (labels: readonly string[]) => {
      const label = wait.label();
      if (label === null || !labels.includes(label)) return;
      const row = wait.find(label);
      if (!row) return;
      // Taken in the same turn, so that the next listener does not find it too.
      mailroom.take(row);
      end(row);
    };
    const aborted = () => end(null);
    const cancel = timers.after(wait.ms, () => end(null));
    mailroom.on("delivered", look);
    wait.signal.addEventListener("abort", aborted, { once: true });
    if (wait.signal.aborted) end(null);
  });
}
