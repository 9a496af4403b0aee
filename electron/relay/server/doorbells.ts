import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { RungFor } from "../wire.ts";
import type { RequestGuard } from "./auth.ts";
import { HttpError } from "./http-error.ts";

const HEARTBEAT_MS = 30_000;
const MAX_PER_AGENT = 64;
/** A socket that did not take this many bytes yet will look when it does. */
const MAX_WAITING_BYTES = 64 * 1024;

/**
 * WebSockets by agent: a frame says «look now» (network.md part 1, section 8), and, which is ours, at
 * what.
 */
export class Doorbells {
  private readonly sockets = new Map<string, Set<WebSocket>>();
  private readonly silent = new WeakSet<WebSocket>();
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  private readonly guard: RequestGuard;
  private readonly usedBy: (agent: string) => void;
  private readonly heartbeat: NodeJS.Timeout;

  /** @param usedBy told whose doorbell opens or closes */
  constructor(guard: RequestGuard, usedBy: (agent: string) => void) {
    this.guard = guard;
    this.usedBy = usedBy;
    this.heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /** Takes over an upgrade request, or answers it with the refusal. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until it is a WebSocket nobody else listens, and an unheard error ends the process.
    const dropped = () => socket.destroy();
    socket.on("error", dropped);
    try {
      const agent = this.admit(request.url ?? "");
      socket.off("error", dropped);
      this.server.handleUpgrade(request, socket, head, (ws) => this.add(agent, ws));
    } catch (error) {
      refuse(socket, error instanceof HttpError ? error : new HttpError(400, "bad request"));
    }
  }

  listeners(): string[] {
    return [...this.sockets.keys()];
  }

  ring(agent: string, what: RungFor): void {
    const frame = JSON.stringify({ event: "new_item", item: { for: what } });
    for (const socket of this.sockets.get(agent) ?? []) {
      if (socket.bufferedAmount < MAX_WAITING_BYTES) socket.send(frame);
    }
  }

  close(): void {
    clearInterval(this.heartbeat);
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private admit(url: string): string {
    const [path, query = ""] = url.split("?", 2) as [string, string?];
    if (path !== "/inbox/stream") throw new HttpError(404, "not found");
    const agent = this.guard.authenticateStream(
      new URLSearchParams(query).get("authorization") ?? "",
    );
    if ((this.sockets.get(agent)?.size ?? 0) >= MAX_PER_AGENT) {
      throw new HttpError(429, "too many connections of this agent");
    }
    return agent;
  }

  private add(agent: string, socket: WebSocket): void {
    const all = this.sockets.get(agent) ?? new Set();
    this.sockets.set(agent, all.add(socket));
    this.usedBy(agent);
    socket.on("pong", () => this.silent.delete(socket));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      all.delete(socket);
      if (all.size === 0) this.sockets.delete(agent);
      this.usedBy(agent);
    });
  }

  /** Ends what did not answer the last ping. */
  private beat(): void {
    for (const socket of this.server.clients) {
      if (this.silent.has(socket)) socket.terminate();
      else {
        this.silent.add(socket);
        socket.ping();
      }
    }
  }
}

function refuse(socket: Duplex, { status, message }: HttpError): void {
  const body = JSON.stringify({ error: message });
  const head = [
    `HTTP/1.1 ${status} Refused`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
