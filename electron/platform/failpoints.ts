import { writeSync } from "node:fs";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/** False in a released bundle, where nothing of this remains; not defined when run from source. */
declare const __FAILPOINTS__: boolean;
const BUILT_IN = typeof __FAILPOINTS__ === "undefined" || __FAILPOINTS__;

/**
 * Where a process can be made to die (rule D5), in pairs around every commit and every word to
 * another process. `before` a commit is inside its transaction; `after` it nobody was told yet.
 * TINYPLACE_FAILPOINT=name[:nth] arms one: it ends the process when it is met for the nth time.
 */
export const FAILPOINTS = [
  // Daemon: its vault.
  "send.before-commit",
  "send.after-commit",
  "encrypt.before-commit",
  "encrypt.after-commit",
  "relayed.before-commit",
  "relayed.after-commit",
  "receive.before-commit",
  "receive.after-commit",
  "place-holds.before-commit",
  "place-holds.after-commit",
  "offer.before-commit",
  "offer.after-commit",
  "read.before-commit",
  "read.after-commit",
  "receipts.before-commit",
  "receipts.after-commit",
  // Daemon: what it asks of the relay, and answers to a session.
  "relay-put.before",
  "relay-put.after",
  "relay-list.before",
  "relay-list.after",
  "relay-acknowledge.before",
  "relay-acknowledge.after",
  "send-answer.before",
  "send-answer.after",
  // Bridge.
  "confirm.before",
  "confirm.after",
  // Relay: its store.
  "relay-store.before-commit",
  "relay-store.after-commit",
  "relay-delete.before-commit",
  "relay-delete.after-commit",
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

const armed = BUILT_IN ? armedBy(process.env.TINYPLACE_FAILPOINT) : null;

/** Ends this process as by kill -9 where this point is armed; a line on stderr says so. */
export function failpoint(name: Failpoint): void {
  if (!BUILT_IN || armed?.name !== name || --armed.left > 0) return;
  writeSync(2, `failpoint ${name}\n`);
  process.kill(process.pid, "SIGKILL");
}

/** The same once the answer that is being returned was written. */
export function failpointAfterAnswer(name: Failpoint): void {
  if (BUILT_IN && armed?.name === name) setImmediate(() => failpoint(name));
}

function armedBy(text: string | undefined): { name: Failpoint; left: number } | null {
  if (!text) return null;
  const [named, nth = "1"] = text.split(":", 2) as [string, string?];
  const name = FAILPOINTS.find((one) => one === named);
  if (name && /^[1-9]\d{0,5}$/.test(nth)) return { name, left: Number(nth) };
  throw new TinyplaceError(
    "bad_request",
    `TINYPLACE_FAILPOINT=${text.slice(0, 80)} names no failpoint.`,
    `Write NAME or NAME:NTH, with one of: ${FAILPOINTS.join(", ")}.`,
  );
}
