import type { Timers } from "../../shared/pacing/timers.ts";
import type { ReceivedMessage } from "../../shared/protocol/received-message.ts";
import type { DeliveryRow } from "../vault/mail-table.ts";
import type { Mailroom } from "./mailroom.ts";

/** What a call waits for. */
interface Wait {
  readonly label: () => string | null;
  readonly find: (label: string) => DeliveryRow | null;
}

interface Found {
  readonly row: DeliveryRow;
  /** That it is handed out is on disk already. */
  readonly isMarked: boolean;
}

/** Calls that wait for mail (rules A1-A3), oldest first: of two that wait for one reply the older wins. */
export class Waiters {
  private readonly waits = new Map<Wait, (found: Found) => void>();
  /** Deliveries that were marked as handed out in the transaction that brought them, and to whom. */
  private readonly promised = new Map<number, Wait>();

  /** Waits until the returned function is called. */
  add(wait: Wait, take: (found: Found) => void): () => void {
    this.waits.set(wait, take);
    return () => {
      this.waits.delete(wait);
      for (const [delivery, to] of this.promised) if (to === wait) this.promised.delete(delivery);
    };
  }

  /**
   * Inside the write that delivers a message: its delivery, where a call waits for it and will be handed
   * it next. Should the write be undone, the row that `serve` finds does not say that it was offered.
   */
  promise(label: string, seq: number): number | null {
    for (const wait of this.waits.keys()) {
      const row = wait.label() === label ? wait.find(label) : null;
      if (row?.seq !== seq || row.offered_at !== null || this.promised.has(row.delivery)) continue;
      this.promised.set(row.delivery, wait);
      return row.delivery;
    }
    return null;
  }

  /** Hands out what came for these labels. @param take keeps it from the next call that looks */
  serve(labels: readonly string[], take: (row: DeliveryRow) => void): boolean {
    let served = false;
    for (const [wait, hand] of [...this.waits]) {
      const label = wait.label();
      const row = label !== null && labels.includes(label) ? wait.find(label) : null;
      if (!row) continue;
      take(row);
      const isMarked = row.offered_at !== null && this.promised.get(row.delivery) === wait;
      // It is offered for the first time now.
      hand({ row: isMarked ? { ...row, offered_at: null } : row, isMarked });
      served = true;
    }
    return served;
  }
}

export async function waitForMail(
  parts: { mailroom: Mailroom; timers: Timers },
  wait: Wait & { readonly ms: number; readonly signal: AbortSignal },
): Promise<{ deliveries: number[]; message: ReceivedMessage | null }> {
  const { mailroom } = parts;
  const label = wait.label();
  const now = label === null ? null : wait.find(label);
  const later = () => (wait.ms > 0 ? nextFind(parts, wait) : null);
  const found = now ? { row: now, isMarked: false } : await later();
  if (!found || wait.signal.aborted) return { deliveries: [], message: null };
  const handed = await mailroom.hand([found.row], found.isMarked);
  return { deliveries: handed.deliveries, message: handed.messages[0] ?? null };
}

function nextFind(
  { mailroom, timers }: { mailroom: Mailroom; timers: Timers },
  wait: Wait & { readonly ms: number; readonly signal: AbortSignal },
): Promise<Found | null> {
  return new Promise((resolve) => {
    const end = (found: Found | null) => {
      stop();
      wait.signal.removeEventListener("abort", aborted);
      cancel();
      resolve(found);
    };
    const aborted = () => end(null);
    const cancel = timers.after(wait.ms, () => end(null));
    const stop = mailroom.waiters.add(wait, end);
    wait.signal.addEventListener("abort", aborted, { once: true });
    if (wait.signal.aborted) end(null);
  });
}
