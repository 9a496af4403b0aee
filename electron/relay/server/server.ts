import type { AddressInfo } from "node:net";
import fastify, { type FastifyError, type FastifyInstance } from "fastify";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { CONTENT_DIGEST, contentDigest } from "../content-digest.ts";
import type { RelayStore } from "../store/store.ts";
import { RequestGuard } from "./auth.ts";
import { addContactRoutes } from "./contact-routes.ts";
import { addDirectoryRoutes } from "./directory-routes.ts";
import { Doorbells } from "./doorbells.ts";
import { HttpError } from "./http-error.ts";
import { addKeyRoutes } from "./key-routes.ts";
import { addMessageRoutes } from "./message-routes.ts";
import type { NonceLimits } from "./nonces.ts";
import { RateLimits, type RateOptions } from "./rate-limit.ts";
import type { RouteParts } from "./request.ts";

interface RelayLimits extends Partial<RateOptions> {
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
  /** PEM texts; without them the relay speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Take bearer tokens (rule N4). Default: on loopback and over TLS. */
  readonly allowSiws?: boolean;
  /** Told who makes a signed request, or opens or closes a doorbell (cryptoId). */
  readonly usedBy?: (agent: string) => void;
  /** Rates are unlimited on loopback unless given here. */
  readonly limits?: RelayLimits;
}

export interface RelayServer {
  readonly url: string;
  readonly port: number;
  /** The cryptoIds of agents with an open doorbell. */
  listeners(): string[];
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const PUBLIC_RATES: RateOptions = { agentPerMinute: 6000, addressPerMinute: 12_000 };
const NO_RATES: RateOptions = { agentPerMinute: 0, addressPerMinute: 0 };

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
  const doorbells = new Doorbells(guard, store.fleet, usedBy);
  const app = createApp(limits.bodyBytes ?? 4 * MIB, tls);
  app.addHook("onRequest", async (request) => rates.countAddress(request.ip));
  addRoutes(app, {
    store,
    guard,
    clock,
    rates,
    usedBy,
    ring: (agent, what) => doorbells.ring(agent, what),
    batchBytes: limits.batchBytes ?? 8 * MIB,
  });
  app.server.on("upgrade", (request, socket, head) => doorbells.upgrade(request, socket, head));
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
    close: async () => {
      doorbells.close();
      await app.close();
    },
  };
}

function createApp(bodyLimit: number, tls: RelayOptions["tls"]): FastifyInstance {
  const settings = {
    bodyLimit,
    forceCloseConnections: true,
    // A base64 address, each of its characters percent-encoded at worst.
    routerOptions: { maxParamLength: 256 },
  };
  const app = tls
    ? (fastify({ ...settings, https: { ...tls } }) as unknown as FastifyInstance)
    : fastify(settings);
  // Signatures cover the bytes as they came, so nothing reads them before.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Bytes that changed on their way must not be taken for what the relay said.
  app.addHook("onSend", async (_request, reply, payload) => {
    const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : "";
    reply.header(CONTENT_DIGEST, contentDigest(bytes));
    return payload;
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: "no such route" }));
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const refusal = asRefusal(error);
    if (refusal.retryAfter !== null) reply.header("retry-after", String(refusal.retryAfter));
    return reply.code(refusal.status).send({
      error: refusal.message,
      ...(refusal.code && { code: refusal.code }),
      ...refusal.details,
    });
  });
  return app;
}

function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  app.get("/health", async () => ({ ok: true, extensions: ["libsignal", "batch", "handles"] }));
  addMessageRoutes(app, parts);
  addKeyRoutes(app, parts);
  addContactRoutes(app, parts);
  addDirectoryRoutes(app, parts);
}

/** What went wrong inside is not the client's to read, except that waiting may help. */
function asRefusal(error: FastifyError): HttpError {
  if (error instanceof HttpError) return error;
  const status = error.statusCode ?? 500;
  if (status < 500) return new HttpError(status, error.message);
  if (error.code === "disk_full") {
    return new HttpError(507, "the relay's disk is full", { code: "disk_full", retryAfter: 60 });
  }
  if (error.code === "store_unavailable") {
    const options = { code: "store_unavailable", retryAfter: 2 };
    return new HttpError(503, "the relay's storage does not answer", options);
  }
  return new HttpError(500, "internal error");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}
