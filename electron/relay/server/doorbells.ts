import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Fleet } from "../store/store.ts";
import type { RungFor } from "../wire.ts";
import type { RequestGuard } from "./auth.ts";
import { HttpError } from "./http-error.ts";

/** The WebSocket's own code for an end that goes away. */
const GOING_AWAY = 1001;
const HEARTBEAT_MS = 30_000;
const MAX_PER_AGENT = 64;
/** A socket that did not take this many bytes yet will look when it does. */
const MAX_WAITING_BYTES = 64 * 1024;

/** An agent's doorbells at this process, and how its rings from others stop being heard. */
interface Bells {
  readonly sockets: Set<WebSocket>;
  readonly unfollow: () => void;
}

/**
 * WebSockets by agent: a frame says «look now» (network.md part 1, section 8), and, which is ours, at
 * what.
 */
export class Doorbells {
  private readonly bells = new Map<string, Bells>();
  private readonly silent = new WeakSet<WebSocket>();
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  private readonly guard: RequestGuard;
  private readonly fleet: Fleet | null;
  private readonly usedBy: (agent: string) => void;
  private readonly heartbeat: NodeJS.Timeout;
  private away = false;

  /**
   * @param fleet carries rings between relays; null rings here alone
   * @param usedBy told whose doorbell opens or closes
   */
  constructor(guard: RequestGuard, fleet: Fleet | null, usedBy: (agent: string) => void) {
    this.guard = guard;
    this.fleet = fleet;
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
    return [...this.bells.keys()];
  }

  ring(agent: string, what: RungFor): void {
    if (this.fleet) this.fleet.ring(agent, what);
    else this.ringHere(agent, what);
  }

  /** Closes all with a reason and takes no more: they come back to another relay. */
  sendAway(): void {
    this.away = true;
    for (const socket of this.server.clients) socket.close(GOING_AWAY, "relay is going away");
  }

  close(): void {
    clearInterval(this.heartbeat);
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private admit(url: string): string {
    if (this.away) throw new HttpError(503, "relay is going away", { retryAfter: 1 });
    const [path, query = ""] = url.split("?", 2) as [string, string?];
    if (path !== "/inbox/stream") throw new HttpError(404, "not found");
    const agent = this.guard.authenticateStream(
      new URLSearchParams(query).get("authorization") ?? "",
    );
    if ((this.bells.get(agent)?.sockets.size ?? 0) >= MAX_PER_AGENT) {
      throw new HttpError(429, "too many connections of this agent");
    }
    return agent;
  }

  private add(agent: string, socket: WebSocket): void {
    const bells = this.bells.get(agent) ?? this.follow(agent);
    bells.sockets.add(socket);
    this.usedBy(agent);
    socket.on("pong", () => this.silent.delete(socket));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      bells.sockets.delete(socket);
      if (bells.sockets.size === 0) {
        bells.unfollow();
        this.bells.delete(agent);
      }
      this.usedBy(agent);
    });
  }

  private follow(agent: string): Bells {
    const unfollow =
      this.fleet?.follow(agent, (what) => this.ringHere(agent, what)) ?? (() => undefined);
    const bells = { sockets: new Set<WebSocket>(), unfollow };
    this.bells.set(agent, bells);
    return bells;
  }

  /** @param what null: rings may have been missed, of any kind */
  private ringHere(agent: string, what: RungFor | null): void {
    const frame = JSON.stringify({ event: "new_item", item: what ? { for: what } : {} });
    for (const socket of this.bells.get(agent)?.sockets ?? []) {
      if (socket.bufferedAmount < MAX_WAITING_BYTES) socket.send(frame);
    }
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
