import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { RelayObserver } from "../server/observer.ts";
import { type RelayServer, startRelay } from "../server/server.ts";
import { openNamedStore } from "../store/named-store.ts";
import { type OperatorServer, startOperatorServer } from "./operator-server.ts";
import { createRelayLog, logObserver, wordsOf } from "./relay-log.ts";
import { RelayMetrics } from "./relay-metrics.ts";
import { type RelaySettings, type RelayWords, readRelayOptions } from "./relay-options.ts";
import { TlsFiles } from "./tls-files.ts";

/** Answers under way get this long once nothing new is taken. */
const FINISH_MS = 20_000;

type Log = ReturnType<typeof createRelayLog>;

/**
 * A relay alone, for agents of other data folders and machines (rules N2, N3): prints one JSON line
 * when it listens, logs to stderr, and at SIGINT or SIGTERM finishes what it took and ends. A second
 * signal ends it at once.
 */
export async function runRelay(words: RelayWords): Promise<void> {
  // Before anything is announced: a signal that comes with the first line ends in order, too.
  const ended = new Promise<NodeJS.Signals>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const settings = readRelayOptions(words);
  const log = createRelayLog(settings.logLevel);
  const tls = settings.tls && new TlsFiles(settings.tls);
  const pair = tls?.read();
  const metrics = new RelayMetrics();
  const store = await openNamedStore(settings.store, settings.storeLimits);
  let server: RelayServer | null = null;
  let operator: OperatorServer | null = null;
  try {
    server = await startRelay({
      store,
      ...settings.listen,
      ...(pair && { tls: pair }),
      limits: settings.limits,
      trustProxy: settings.trustProxy,
      observer: both(metrics.observer, logObserver(log)),
    }).catch((cause: unknown) => {
      throw cannotListen(words.listen, cause);
    });
    if (settings.metrics) {
      operator = await startOperatorServer(settings.metrics, metrics).catch((cause: unknown) => {
        throw cannotListen(words.metrics ?? "", cause);
      });
    }
  } catch (error) {
    await server?.close();
    await store.close();
    throw error;
  }
  const relay = server;
  metrics.watchDoorbells(() => relay.listeners().length);
  if (tls) renewWith(tls, relay, log);
  announce(relay, operator, log);
  log.info({ signal: await ended }, "draining");
  await finish(relay, settings);
  tls?.close();
  await operator?.close();
  await store.close();
  log.info("ended");
}

function announce(relay: RelayServer, operator: OperatorServer | null, log: Log): void {
  const ready = { ready: true, url: relay.url, pid: process.pid };
  const metrics = operator ? { metrics: operator.url } : {};
  process.stdout.write(`${JSON.stringify({ ...ready, ...metrics })}\n`);
  log.info({ url: relay.url, ...metrics }, "listening");
}

async function finish(relay: RelayServer, { drainMs }: RelaySettings): Promise<void> {
  let hurry = () => {};
  const hurried = new Promise<void>((resolve) => {
    hurry = resolve;
  });
  process.once("SIGINT", hurry);
  process.once("SIGTERM", hurry);
  await Promise.race([relay.drain({ waitMs: drainMs, finishMs: FINISH_MS }), hurried]);
  await relay.close();
}

function renewWith(tls: TlsFiles, relay: RelayServer, log: Log): void {
  const renewed = (next: Parameters<RelayServer["renewTls"]>[0]) => {
    relay.renewTls(next);
    log.info("the TLS certificate was renewed");
  };
  const waiting = (error: unknown) => {
    log.warn({ error: wordsOf(error) }, "the TLS files do not fit: the former ones stay in use");
  };
  tls.watch(renewed, waiting);
  process.on("SIGHUP", () => tls.look(renewed, waiting));
}

function both(one: RelayObserver, other: RelayObserver): RelayObserver {
  return {
    answered: (request) => {
      one.answered(request);
      other.answered(request);
    },
    refused: (reason) => {
      one.refused(reason);
      other.refused(reason);
    },
    stored: (outcome) => {
      one.stored(outcome);
      other.stored(outcome);
    },
    failed: (error) => {
      one.failed(error);
      other.failed(error);
    },
  };
}

function cannotListen(listen: string, cause: unknown): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `The relay cannot listen on ${listen}: ${wordsOf(cause)}.`,
    "Choose another port, or end the program that holds this one.",
    { cause },
  );
}
