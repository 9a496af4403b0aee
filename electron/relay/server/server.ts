import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Server as TlsServer } from "node:tls";
import type { FastifyInstance } from "fastify";
import { systemTimers, type Timers } from "../../../shared/pacing/timers.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { RelayStore } from "../store/store.ts";
import { type ConnectionLimits, createApp, type TlsPair } from "./app.ts";
import { RequestGuard } from "./auth.ts";
import { addContactRoutes } from "./contact-routes.ts";
import { addDirectoryRoutes } from "./directory-routes.ts";
import { Doorbells } from "./doorbells.ts";
import { addHealthRoutes, isHealth } from "./health-routes.ts";
import { addKeyRoutes } from "./key-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import type { NonceLimits } from "./nonces.ts";
import { type RelayObserver, SILENT } from "./observer.ts";
import { RateLimits, type RateOptions } from "./rate-limit.ts";
import type { RouteParts } from "./request.ts";

export interface RelayLimits extends Partial<RateOptions>, Partial<ConnectionLimits> {
  /** Bytes of one request. Default 4 MiB: an envelope of a 256 KiB text, escaped, in base64. */
  readonly bodyBytes?: number;
  /** Bytes of one batch. Default 8 MiB. */
  readonly batchBytes?: number;
  readonly nonces?: NonceLimits;
}

export interface RelayOptions {
  /** Not closed with the server. */
  readonly store: RelayStore;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly clock?: Clock;
  /** Of the doorbells' heartbeat. */
  readonly timers?: Timers;
  /** Doorbells that did not ping meanwhile are pinged this often. Default 30 s. */
  readonly heartbeatMs?: number;
  /** Without it the relay speaks plain HTTP. */
  readonly tls?: TlsPair;
  /** Take bearer tokens (rule N4). Default: on loopback and over TLS. */
  readonly allowSiws?: boolean;
  /** Told who makes a signed request, or opens or closes a doorbell (cryptoId). */
  readonly usedBy?: (agent: string) => void;
  /** Rates are unlimited on loopback unless given here. */
  readonly limits?: RelayLimits;
  /** Addresses of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustProxy?: readonly string[];
  readonly observer?: RelayObserver;
}

export interface RelayServer {
  readonly url: string;
  readonly port: number;
  /** The cryptoIds of agents with an open doorbell. */
  listeners(): string[];
  /** Null: it can serve; otherwise why it should be left alone. */
  trouble(): Promise<string | null>;
  /** Another certificate for connections from now on. Throws when the two do not fit. */
  renewTls(pair: TlsPair): void;
  /**
   * Ends in order: is not ready any more, sends doorbells elsewhere, serves on for `waitMs` while a
   * balancer takes notice, then takes nothing new and answers what it took, for up to `finishMs`.
   */
  drain(times: { waitMs: number; finishMs: number }): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
}

const HEARTBEAT_MS = 30_000;
const MIB = 1024 * 1024;
const PUBLIC_RATES: RateOptions = {
  agentPerMinute: 6000,
  addressPerMinute: 12_000,
  oneTimeKeysPerHour: 60,
  handlesPerHour: 20,
};
const CONNECTIONS: ConnectionLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 60_000,
  headerBytes: 16 * 1024,
  connections: 20_000,
};
const NO_RATES: RateOptions = {
  agentPerMinute: 0,
  addressPerMinute: 0,
  oneTimeKeysPerHour: 0,
  handlesPerHour: 0,
};

/** Starts a relay: HTTP routes and the doorbell at `/inbox/stream`. Rejects when it cannot listen. */
export async function startRelay(options: RelayOptions): Promise<RelayServer> {
  const { store, tls, limits = {}, clock = systemClock, host = "127.0.0.1" } = options;
  const loopback = isLoopback(host);
  const guard = new RequestGuard({
    clock,
    allowSiws: options.allowSiws ?? (loopback || tls !== undefined),
    shared: store.fleet !== null,
    ...(limits.nonces && { nonces: limits.nonces }),
  });
  const rates = new RateLimits(clock, { ...(loopback ? NO_RATES : PUBLIC_RATES), ...limits });
  const usedBy = options.usedBy ?? (() => undefined);
  const observer = options.observer ?? SILENT;
  const timers = options.timers ?? systemTimers;
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const doorbells = new Doorbells({ guard, rates, observer, timers, heartbeatMs, store, usedBy });
  const app = createApp({
    bodyBytes: limits.bodyBytes ?? 4 * MIB,
    tls,
    connections: { ...CONNECTIONS, ...limits },
    trustProxy: options.trustProxy ?? [],
    observer,
  });
  let draining = false;
  const trouble = async () => (draining ? "draining" : await troubleOf(store));
  app.addHook("onRequest", async (request) => {
    if (!isHealth(request.url)) rates.countAddress(request.ip);
  });
  // A connection that was kept alive after its answer would hold up the end.
  app.addHook("onSend", async (_request, reply) => {
    if (draining) reply.header("connection", "close");
  });
  addHealthRoutes(app, trouble);
  addRoutes(app, {
    store,
    guard,
    clock,
    rates,
    usedBy,
    observer,
    ring: (agent, ring) => doorbells.ring(agent, ring),
    batchBytes: limits.batchBytes ?? 8 * MIB,
  });
  app.server.on("upgrade", (request, socket, head) => {
    void doorbells.upgrade(request, socket, head);
  });
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    doorbells.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    listeners: () => doorbells.listeners(),
    trouble,
    renewTls: (pair) => (app.server as unknown as TlsServer).setSecureContext({ ...pair }),
    drain: async ({ waitMs, finishMs }) => {
      draining = true;
      doorbells.sendAway();
      await pause(waitMs);
      const cutOff = setTimeout(() => app.server.closeAllConnections(), finishMs);
      await app.close();
      clearTimeout(cutOff);
      doorbells.close();
    },
    close: async () => {
      doorbells.close();
      const closed = app.close();
      app.server.closeAllConnections();
      await closed;
    },
  };
}

async function troubleOf(store: RelayStore): Promise<string | null> {
  try {
    await store.check();
    return null;
  } catch {
    return "the storage does not answer";
  }
}

function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  app.get("/health", async () => ({ ok: true, extensions: ["libsignal", "batch", "handles"] }));
  addMessageRoutes(app, parts);
  addKeyRoutes(app, parts);
  addContactRoutes(app, parts);
  addDirectoryRoutes(app, parts);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
