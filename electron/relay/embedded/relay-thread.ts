import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { type ErrorView, TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Incident } from "../../../shared/model/snapshot.ts";
import type { EmbeddedOptions, EmbeddedRelay } from "./embedded-relay.ts";

/** From source it lies beside this module; the bundle's entries and chunks share a folder as well. */
const ENTRY = join(import.meta.dirname, `relay-worker${extname(import.meta.filename)}`);

export interface RelayThreadOptions extends EmbeddedOptions {
  /** Whether the thread collects its garbage when a busy time is over. */
  readonly tidies: boolean;
}

/** What the thread tells. */
export type RelayThreadNews =
  | { readonly kind: "started"; url: string; port: number; incident: Incident | null }
  | { readonly kind: "failed"; error: ErrorView }
  /** `by` used the relay since the last news of this kind. */
  | { readonly kind: "used"; by: readonly string[]; listeners: readonly string[] };

/**
 * The embedded relay in a thread of its own, so that its HTTP, its signatures and its commits cost the
 * owner's event loop nothing. Rejects with what kept it from starting. Should the thread fail later,
 * its error is thrown here, as it would be without a thread.
 */
export async function startRelayThread(
  options: RelayThreadOptions,
  usedBy: (agent: string) => void,
): Promise<EmbeddedRelay> {
  const worker = new Worker(ENTRY, { name: "tinyplace-relay", workerData: options });
  const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let listeners: readonly string[] = [];
  const started = await new Promise<Extract<RelayThreadNews, { kind: "started" }>>(
    (resolve, reject) => {
      worker.once("error", reject);
      worker.on("message", (news: RelayThreadNews) => {
        if (news.kind === "started") resolve(news);
        else if (news.kind === "failed") reject(asError(news.error));
        else {
          listeners = news.listeners;
          for (const agent of news.by) usedBy(agent);
        }
      });
      worker.once("exit", () => reject(new Error("the relay's thread ended at its start")));
    },
  );
  worker.removeAllListeners("error");
  const { url, port, incident } = started;
  return {
    url,
    port,
    incident,
    listeners: () => listeners,
    close: () => {
      worker.postMessage("close");
      return ended;
    },
  };
}

function asError({ code, error, next }: ErrorView): TinyplaceError {
  return new TinyplaceError(code, error, next);
}
