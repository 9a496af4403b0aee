import { type MessagePort, parentPort } from "node:worker_threads";
import { errorView } from "../../../shared/errors/errors.ts";
import { systemTimers } from "../../../shared/pacing/timers.ts";
import { systemClock } from "../../platform/clock.ts";
import { collectGarbage } from "../../platform/collect-garbage.ts";
import { watchQuietTime } from "../../platform/quiet-time.ts";
import { commitRounds } from "../../vault/commit-rounds.ts";
import { asStorageError } from "../../vault/storage-errors.ts";
import { type EmbeddedRelay, startEmbeddedRelay } from "./embedded-relay.ts";
import type { RelayThreadNews, RelayThreadOptions, RelayThreadOrder } from "./relay-thread.ts";
import { UseNews } from "./use-news.ts";

/** The thread that relay-thread.ts makes: it serves from when it is told to until it is told to close. */
const port = parentPort as MessagePort;
const tell = (news: RelayThreadNews) => port.postMessage(news);

port.once("message", (order: RelayThreadOrder) => {
  if (order === "close") port.close();
  else void serve(order);
});

async function serve(options: RelayThreadOptions): Promise<void> {
  try {
    let relay: EmbeddedRelay | null = null;
    const news = new UseNews((by) => {
      tell({ kind: "used", by, listeners: relay?.listeners() ?? [] });
    });
    const usedBy = (agent: string) => news.add(agent);
    const started = await startEmbeddedRelay(options, { clock: systemClock, usedBy });
    relay = started;
    const commits = () => commitRounds.count;
    const stopTidying = options.tidies
      ? watchQuietTime({ timers: systemTimers, commits, tidy: collectGarbage })
      : () => undefined;
    port.once("message", async () => {
      stopTidying();
      await started.close();
      news.close();
      port.close();
    });
    tell({ kind: "started", url: started.url, port: started.port, incident: started.incident });
  } catch (error) {
    tell({ kind: "failed", error: errorView(asStorageError(error)) });
    port.close();
  }
}
