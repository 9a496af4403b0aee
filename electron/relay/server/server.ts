import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import fastify from "fastify";
import { type WebSocket, WebSocketServer } from "ws";
import { type Clock, systemClock } from "../../platform/clock.ts";
import type { RelayStore } from "../store/store.ts";
import { HttpError, RequestGuard } from "./auth.ts";
import { addRoutes } from "./routes.ts";

/** Enough for one envelope of a 256 KiB text, escaped, encrypted and in base64. */
const BODY_LIMIT = 4 * 1024 * 1024;
const HEARTBEAT_MS = 30_000;

export interface RelayOptions {
  readonly store: RelayStore;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly clock?: Clock;
  readonly allowSiws?: boolean;
}

export interface RelayServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a relay: HTTP routes and the doorbell at `/inbox/stream`. Does not own the store. */
export async function startRelay(options: RelayOptions): Promise<RelayServer> {
  const clock = options.clock ?? systemClock;
  const guard = new RequestGuard(clock, options.allowSiws ?? true);
  const doorbells = new Doorbells(guard);
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof HttpError ? error.status : (error.statusCode ?? 500);
    if (status === 429) reply.header("retry-after", "5");
    // What went wrong inside is not the client's to read.
    void reply.code(status).send({ error: status === 500 ? "internal error" : error.message });
  });
  addRoutes(app, { store: options.store, guard, clock, ring: (agent) => doorbells.ring(agent) });
  app.server.on("upgrade", (request, socket, head) => doorbells.upgrade(request, socket, head));
  const host = options.host ?? "127.0.0.1";
  await app.listen({ host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    port,
    close: async () => {
      doorbells.close();
      await app.close();
    },
  };
}

/** WebSockets by agent: a frame says «look now», nothing more. */
class Doorbells {
  private readonly sockets = new Map<string, Set<WebSocket>>();
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  private readonly guard: RequestGuard;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(guard: RequestGuard) {
    this.guard = guard;
    this.heartbeat = setInterval(() => {
      for (const socket of this.server.clients) socket.ping();
    }, HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? "/", "http://relay");
    let agent: string;
    try {
      if (url.pathname !== "/inbox/stream") throw new HttpError(404, "not found");
      agent = this.guard.authenticateStream(url.searchParams.get("authorization") ?? "");
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 400;
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.server.handleUpgrade(request, socket, head, (ws) => this.add(agent, ws));
  }

  ring(agent: string): void {
    for (const socket of this.sockets.get(agent) ?? []) {
      socket.send('{"event":"new_item","item":{}}');
    }
  }

  close(): void {
    clearInterval(this.heartbeat);
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private add(agent: string, socket: WebSocket): void {
    const all = this.sockets.get(agent) ?? new Set();
    this.sockets.set(agent, all.add(socket));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      all.delete(socket);
      if (all.size === 0) this.sockets.delete(agent);
    });
  }
}
