import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Timers } from "../../platform/timers.ts";
import type { Fleet } from "../store/store.ts";
import type { RungFor } from "../wire.ts";
import type { RequestGuard } from "./auth.ts";
import { HttpError } from "./http-error.ts";
import type { RelayObserver } from "./observer.ts";
import type { RateLimits } from "./rate-limit.ts";

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

interface DoorbellParts {
  readonly guard: RequestGuard;
  readonly rates: RateLimits;
  readonly observer: RelayObserver;
  readonly timers: Timers;
  /** Carries rings between relays; null rings here alone. */
  readonly fleet: Fleet | null;
  /** Told whose doorbell opens or closes. */
  readonly usedBy: (agent: string) => void;
}

/**
 * WebSockets by agent: a frame says «look now» (network.md part 1, section 8), and, which is ours, at
 * what.
 */
export class Doorbells {
  private readonly bells = new Map<string, Bells>();
  /** Pinged and not heard since. */
  private readonly silent = new WeakSet<WebSocket>();
  /** Pinged by themselves since the last beat. */
  private heard = new WeakSet<WebSocket>();
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: 1024 });
  private readonly parts: DoorbellParts;
  private cancelBeat: () => void;
  private away = false;

  constructor(parts: DoorbellParts) {
    this.parts = parts;
    this.cancelBeat = parts.timers.after(HEARTBEAT_MS, () => this.beat());
  }

  /** Takes over an upgrade request, or answers it with the refusal. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until it is a WebSocket nobody else listens, and an unheard error ends the process.
    const dropped = () => socket.destroy();
    socket.on("error", dropped);
    try {
      this.parts.rates.countAddress(request.socket.remoteAddress ?? "");
      const agent = this.admit(request.url ?? "");
      socket.off("error", dropped);
      this.server.handleUpgrade(request, socket, head, (ws) => this.add(agent, ws));
    } catch (error) {
      const refusal = error instanceof HttpError ? error : new HttpError(400, "bad request");
      this.parts.observer.refused(refusal.reason);
      refuse(socket, refusal);
    }
  }

  listeners(): string[] {
    return [...this.bells.keys()];
  }

  ring(agent: string, what: RungFor): void {
    const { fleet } = this.parts;
    if (fleet) fleet.ring(agent, what);
    else this.ringHere(agent, what);
  }

  /** Closes all with a reason and takes no more: they come back to another relay. */
  sendAway(): void {
    this.away = true;
    for (const socket of this.server.clients) socket.close(GOING_AWAY, "relay is going away");
  }

  close(): void {
    this.cancelBeat();
    for (const socket of this.server.clients) socket.terminate();
    this.server.close();
  }

  private admit(url: string): string {
    if (this.away) throw new HttpError(503, "relay is going away", { retryAfter: 1 });
    const [path, query = ""] = url.split("?", 2) as [string, string?];
    if (path !== "/inbox/stream") throw new HttpError(404, "not found");
    const agent = this.parts.guard.authenticateStream(
      new URLSearchParams(query).get("authorization") ?? "",
    );
    if ((this.bells.get(agent)?.sockets.size ?? 0) >= MAX_PER_AGENT) {
      throw new HttpError(429, "too many connections of this agent", { reason: "doorbells" });
    }
    return agent;
  }

  private add(agent: string, socket: WebSocket): void {
    const bells = this.bells.get(agent) ?? this.follow(agent);
    bells.sockets.add(socket);
    this.parts.usedBy(agent);
    socket.on("pong", () => this.silent.delete(socket));
    socket.on("ping", () => this.heard.add(socket));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      bells.sockets.delete(socket);
      if (bells.sockets.size === 0) {
        bells.unfollow();
        this.bells.delete(agent);
      }
      this.parts.usedBy(agent);
    });
  }

  private follow(agent: string): Bells {
    const unfollow =
      this.parts.fleet?.follow(agent, (what) => this.ringHere(agent, what)) ?? (() => undefined);
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

  /** Ends what did not answer the last ping. Who pinged meanwhile is there, and is not asked. */
  private beat(): void {
    for (const socket of this.server.clients) {
      if (this.heard.has(socket)) this.silent.delete(socket);
      else if (this.silent.has(socket)) socket.terminate();
      else {
        this.silent.add(socket);
        socket.ping();
      }
    }
    this.heard = new WeakSet();
    this.cancelBeat = this.parts.timers.after(HEARTBEAT_MS, () => this.beat());
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
