import { type Logger, pino } from "pino";
import type { RelayObserver } from "../server/observer.ts";

/**
 * One JSON line per event on stderr. Nothing in it comes from a request but its method, the route it
 * matched and its status: no bodies, no keys, no agents, no addresses.
 */
export function createRelayLog(level: string): Logger {
  return pino(
    { level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** Requests at `debug`, refusals too, since anybody can cause them; what is the relay's own at `error`. */
export function logObserver(log: Logger): RelayObserver {
  return {
    answered: ({ method, route, status, seconds }) => {
      log.debug({ method, route, status, ms: Math.round(seconds * 1000) }, "answered");
    },
    refused: (reason) => log.debug({ reason }, "refused"),
    stored: () => undefined,
    failed: (error) => log.error({ error: wordsOf(error), cause: causeOf(error) }, "failed"),
  };
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause ? wordsOf(error.cause) : undefined;
}
