import type { AddressInfo, Server, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Server as TlsServer } from "node:tls";
import proxyAddr from "@fastify/proxy-addr";
import type { FastifyInstance } from "fastify";
import { systemTimers, type Timers } from "../../../shared/pacing/timers.ts";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { RelayStore } from "../store/store.ts";
import type { Ring } from "../wire.ts";
import { type ConnectionLimits, createApp, type TlsPair } from "./app.ts";
import { RequestGuard } from "./auth.ts";
import { Doorbells } from "./doorbells.ts";
import { addHealthRoutes, isHealth } from "./health-routes.ts";
import { serveRoutes } from "./http-routes.ts";
import type { NonceLimits } from "./nonces.ts";
import { type RelayObserver, SILENT } from "./observer.ts";
import { NO_RATES, RateLimits, type RateOptions } from "./rate-limit.ts";
import { relayRoutes } from "./routes.ts";

export interface RelayLimits extends Partial<RateOptions>, Partial<ConnectionLimits> {
  /** Bytes of one request. Default 4 MiB: an envelope of a 256 KiB text, escaped, in base64. */
  readonly bodyBytes?: number;
  /** Bytes of one batch. Default 8 MiB. */
  readonly batchBytes?: number;
  readonly nonces?: NonceLimits;
}

export interface FrontOptions {
  /** Not closed with the server. */
  readonly store: RelayStore;
  /** Where its clients are: rates are unlimited on loopback unless given here. */
  readonly loopback: boolean;
  readonly clock?: Clock;
  /** Of the doorbells' heartbeat. */
  readonly timers?: Timers;
  /** Doorbells that did not ping meanwhile are pinged this often. Default 30 s. */
  readonly heartbeatMs?: number;
  /** Without it the relay speaks plain HTTP. */
  readonly tls?: TlsPair;
  /** From then on no request was taken before this front, in ms. Default: now. */
  readonly startedAt?: number;
  /** Take bearer tokens (rule N4). Default: on loopback and over TLS. */
  readonly allowSiws?: boolean;
  /** Told who makes a signed request, or opens or closes a doorbell (cryptoId). */
  readonly usedBy?: (agent: string) => void;
  /** Told of every ring for an agent (cryptoId), before doorbells are. */
  readonly rung?: (agent: string, ring: Ring) => void;
  readonly limits?: RelayLimits;
  /** Addresses of proxies in front, whose X-Forwarded-For is believed. */
  readonly trustProxy?: readonly string[];
  readonly observer?: RelayObserver;
}

export interface RelayOptions extends Omit<FrontOptions, "loopback"> {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** HTTP routes and the doorbell at `/inbox/stream`, before anybody listens for connections. */
export interface RelayFront {
  readonly app: FastifyInstance;
  /**
   * Serves who comes to `server` from now on, in its stead, and those that it has taken and left paused.
   * Resolves when it does; rejects when it cannot.
   */
  takeOver(server: Server, taken: readonly Socket[]): Promise<void>;
  /** Rings the agent's doorbells (cryptoId). */
  ring(agent: string, ring: Ring): Promise<void>;
  /** The cryptoIds of agents with an open doorbell. */
  listeners(): string[];
  /** Null: it can serve; otherwise why it should be left alone. */
  trouble(): Promise<string | null>;
  /**
   * Ends in order: is not ready any more, sends doorbells elsewhere, serves on for `waitMs` while a
   * balancer takes notice, then takes nothing new and answers what it took, for up to `finishMs`.
   */
  drain(times: { waitMs: number; finishMs: number }): Promise<void>;
  /** Ends at once. */
  close(): Promise<void>;
}

export interface RelayServer extends Pick<RelayFront, "listeners" | "trouble" | "drain" | "close"> {
  readonly url: string;
  readonly port: number;
  /** Another certificate for connections from now on. Throws when the two do not fit. */
  renewTls(pair: TlsPair): void;
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

/** Starts a relay of its own. Rejects when it cannot listen. */
export async function startRelay(options: RelayOptions): Promise<RelayServer> {
  const { tls, host = "127.0.0.1" } = options;
  const front = await createFront({ ...options, loopback: isLoopback(host) });
  const { app } = front;
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    await front.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    listeners: () => front.listeners(),
    trouble: () => front.trouble(),
    renewTls: (pair) => (app.server as unknown as TlsServer).setSecureContext({ ...pair }),
    drain: (times) => front.drain(times),
    close: () => front.close(),
  };
}

/** Ready to serve connections, however they come. */
export async function createFront(options: FrontOptions): Promise<RelayFront> {
  const { store, loopback, tls, limits = {}, clock = systemClock } = options;
  const guard = new RequestGuard({
    clock,
    allowSiws: options.allowSiws ?? (loopback || tls !== undefined),
    shared: store.fleet !== null,
    ...(options.startedAt !== undefined && { startedAt: options.startedAt }),
    ...(limits.nonces && { nonces: limits.nonces }),
  });
  const rates = new RateLimits(clock, { ...(loopback ? NO_RATES : PUBLIC_RATES), ...limits });
  const usedBy = options.usedBy ?? (() => undefined);
  const observer = options.observer ?? SILENT;
  const timers = options.timers ?? systemTimers;
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  // What fastify makes of such a list, for upgrades as well: those it does not see.
  const trustProxy = proxyAddr.compile([...(options.trustProxy ?? [])]);
  const doorbells = new Doorbells({
    ...{ guard, rates, observer, timers, heartbeatMs, store, usedBy },
    addressOf: (request) => proxyAddr(request, trustProxy),
  });
  const app = createApp({
    bodyBytes: limits.bodyBytes ?? 4 * MIB,
    tls,
    connections: { ...CONNECTIONS, ...limits },
    trustProxy,
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
  const ring = async (agent: string, what: Ring) => {
    options.rung?.(agent, what);
    await doorbells.ring(agent, what);
  };
  const batchBytes = limits.batchBytes ?? 8 * MIB;
  const routes = relayRoutes({ store, clock, rates, observer, ring });
  serveRoutes(app, routes, { guard, rates, store, usedBy, batchBytes });
  app.server.on("upgrade", (request, socket, head) => {
    void doorbells.upgrade(request, socket, head);
  });
  try {
    await app.ready();
  } catch (error) {
    doorbells.close();
    throw error;
  }
  return {
    app,
    takeOver: (server, taken) =>
      new Promise((resolve, reject) => {
        app.server.once("error", reject);
        // Only from then on it bounds connections in time, and closes them at its end.
        app.server.once("listening", () => {
          app.server.off("error", reject);
          for (const socket of taken) {
            app.server.emit("connection", socket);
            socket.resume();
          }
          resolve();
        });
        app.server.listen(server);
      }),
    ring: (agent, what) => doorbells.ring(agent, what),
    listeners: () => doorbells.listeners(),
    trouble,
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

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
