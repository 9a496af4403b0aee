import type { Socket } from "node:net";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { CONTENT_DIGEST, contentDigest } from "../content-digest.ts";
import { asRefusal } from "./http-error.ts";
import type { RelayObserver } from "./observer.ts";
import { refusalBody } from "./route.ts";

export interface TlsPair {
  /** PEM texts. */
  readonly key: string;
  readonly cert: string;
}

/** How long a client may take, in ms, and how much it may say before its request begins. */
export interface ConnectionLimits {
  /** Until the last header. */
  readonly headersMs: number;
  /** Until the last byte of the body. */
  readonly requestMs: number;
  /** Without a byte either way, also while an answer is not read. */
  readonly silenceMs: number;
  /** Bytes of all headers with the request's line. */
  readonly headerBytes: number;
  readonly connections: number;
}

interface AppOptions {
  readonly bodyBytes: number;
  readonly tls: TlsPair | undefined;
  readonly connections: ConnectionLimits;
  /** Whether this is the address of a proxy whose word about a client's address is taken. */
  readonly trustProxy: (address: string, hop: number) => boolean;
  readonly observer: RelayObserver;
}

const noCompiler = (): never => {
  throw new Error("routes of the relay have no schemas of fastify's");
};

/** An HTTP server with the relay's bounds and its way to answer and to refuse; routes come later. */
export function createApp(options: AppOptions): FastifyInstance {
  const { connections, tls, observer } = options;
  const bounds = {
    headersTimeout: connections.headersMs,
    requestTimeout: connections.requestMs,
    connectionsCheckingInterval: Math.min(1000, connections.headersMs),
    maxHeaderSize: connections.headerBytes,
  };
  const settings = {
    bodyLimit: options.bodyBytes,
    requestTimeout: connections.requestMs,
    connectionTimeout: connections.silenceMs,
    forceCloseConnections: "idle" as const,
    trustProxy: options.trustProxy,
    // A base64 address, each of its characters percent-encoded at worst.
    routerOptions: { maxParamLength: 256 },
    // Routes read what they are given by themselves, so fastify's compilers of schemas are not loaded.
    schemaController: {
      compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler },
    },
    // Paths that no route can be looked up for.
    frameworkErrors: (error: FastifyError, _request: unknown, reply: FastifyReply) =>
      void refuse(error, reply, observer),
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) =>
      refuseConnection(error, socket, observer),
  };
  const app = tls
    ? (fastify({ ...settings, https: { ...bounds, ...tls } }) as unknown as FastifyInstance)
    : fastify({ ...settings, http: bounds });
  app.server.maxConnections = connections.connections;
  app.server.on("drop", () => observer.refused("too_many_connections"));
  // Signatures cover the bytes as they came, so nothing reads them before.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Bytes that changed on their way must not be taken for what the relay said.
  app.addHook("onSend", async (_request, reply, payload) => {
    const bytes = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : "";
    reply.header(CONTENT_DIGEST, contentDigest(bytes));
    return payload;
  });
  app.addHook("onResponse", async (request, reply) => {
    observer.answered({
      method: request.method,
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      seconds: reply.elapsedTime / 1000,
    });
  });
  app.setNotFoundHandler((_request, reply) => {
    observer.refused("not_found");
    return reply.code(404).send({ error: "no such route" });
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => refuse(error, reply, observer));
  return app;
}

function refuse(error: FastifyError, reply: FastifyReply, observer: RelayObserver): FastifyReply {
  const refusal = asRefusal(error);
  if (refusal.status >= 500) observer.failed(error);
  else observer.refused(refusal.reason);
  if (refusal.retryAfter !== null) reply.header("retry-after", String(refusal.retryAfter));
  return reply.code(refusal.status).send(refusalBody(refusal));
}

/** What is no request, or takes too long to become one. */
function refuseConnection(
  error: Error & { code?: string },
  socket: Socket,
  observer: RelayObserver,
): void {
  const [status, words, reason] = connectionRefusal(error.code);
  if (error.code !== "ECONNRESET") observer.refused(reason);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ error: words });
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    // Whoever does not read does not get more time either.
    () => socket.destroy(),
  );
}

function connectionRefusal(code: string | undefined): [number, string, string] {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return [408, "the request took too long", "slow_client"];
  if (code === "HPE_HEADER_OVERFLOW")
    return [431, "the headers are too large", "headers_too_large"];
  return [400, "this is no HTTP request", "malformed"];
}
