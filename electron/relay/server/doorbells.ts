import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Timers } from "../../../shared/pacing/timers.ts";
import type { RelayStore } from "../store/store.ts";
import type { Ring } from "../wire.ts";
import type { RequestGuard } from "./auth.ts";
import { type CarriedMail, carriedMail, MAX_CARRIED_SIZE } from "./carried-mail.ts";
import { HttpError } from "./http-error.ts";
import type { RelayObserver } from "./observer.ts";
import type { RateLimits } from "./rate-limit.ts";
import { admitSigned } from "./request.ts";

/** The WebSocket's own code for an end that goes away. */
const GOING_AWAY = 1001;
const MAX_PER_AGENT = 64;
/**
 * A socket that did not take this many bytes yet will look when it does: mail goes only where nothing
 * waits, and is less than this, so a ring without any waits behind it.
 */
const MAX_WAITING_BYTES = 2 * MAX_CARRIED_SIZE;
/** A mailbox that held more than was put is a busy one: its rings carry nothing for this long, in ms. */
const BUSY_MS = 100;

/** Who opened a doorbell. */
interface Caller {
  readonly agent: string;
  /** Set where mail may travel with a ring, which is asked for by signing the request. */
  readonly carries: { readonly installation: string | null } | null;
}

/** An agent's doorbells at this process, and how its rings from others stop being heard. */
interface Bells {
  readonly sockets: Map<WebSocket, Caller["carries"]>;
  readonly unfollow: () => void;
  busyUntil: number;
}

interface DoorbellParts {
  readonly guard: RequestGuard;
  readonly rates: RateLimits;
  readonly observer: RelayObserver;
  readonly timers: Timers;
  readonly heartbeatMs: number;
  /** The client's own address, by the rule that holds for all other requests. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Its fleet carries rings between relays; without one they ring here alone. */
  readonly store: RelayStore;
  /** Told whose doorbell opens or closes. */
  readonly usedBy: (agent: string) => void;
}

/**
 * WebSockets by agent: a frame says «look now» (network.md part 1, section 8), and, which is ours, at
 * what; and where what was put is all that the mailbox holds, brings it along.
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
    this.cancelBeat = parts.timers.after(parts.heartbeatMs, () => this.beat());
  }

  /** Takes over an upgrade request, or answers it with the refusal. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until it is a WebSocket nobody else listens, and an unheard error ends the process.
    const dropped = () => socket.destroy();
    socket.on("error", dropped);
    try {
      this.parts.rates.countAddress(this.parts.addressOf(request));
      const caller = await this.admit(request);
      this.requireRoom(caller.agent);
      socket.off("error", dropped);
      this.server.handleUpgrade(request, socket, head, (ws) => this.add(caller, ws));
    } catch (error) {
      const refusal = error instanceof HttpError ? error : new HttpError(400, "bad request");
      this.parts.observer.refused(refusal.reason);
      refuse(socket, refusal);
    }
  }

  listeners(): string[] {
    return [...this.bells.keys()];
  }

  /** Resolves when it rang here, or the fleet was told to ring. */
  async ring(agent: string, ring: Ring): Promise<void> {
    const { fleet } = this.parts.store;
    if (fleet) fleet.ring(agent, ring);
    else await this.ringHere(agent, ring);
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

  private async admit(request: IncomingMessage): Promise<Caller> {
    const uri = request.url ?? "";
    const [path, query = ""] = uri.split("?", 2) as [string, string?];
    if (path !== "/inbox/stream") throw new HttpError(404, "not found");
    const asked = new URLSearchParams(query);
    const agent = this.parts.guard.authenticateStream(asked.get("authorization") ?? "");
    const header = (name: string) => String(request.headers[name] ?? "");
    if (header("x-tinyplace-signature") === "") return { agent, carries: null };
    const signer = await admitSigned(this.parts, { method: "GET", uri, body: null, header });
    if (signer !== agent) throw new HttpError(403, "the doorbell is not the signer's");
    return { agent, carries: { installation: asked.get("installation") } };
  }

  /** Throws HttpError. */
  private requireRoom(agent: string): void {
    if (this.away) throw new HttpError(503, "relay is going away", { retryAfter: 1 });
    if ((this.bells.get(agent)?.sockets.size ?? 0) >= MAX_PER_AGENT) {
      throw new HttpError(429, "too many connections of this agent", { reason: "doorbells" });
    }
  }

  private add({ agent, carries }: Caller, socket: WebSocket): void {
    const bells = this.bells.get(agent) ?? this.follow(agent);
    bells.sockets.set(socket, carries);
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
    const rung = (ring: Ring | null) => void this.ringHere(agent, ring);
    const unfollow = this.parts.store.fleet?.follow(agent, rung) ?? (() => undefined);
    const bells = { sockets: new Map<WebSocket, Caller["carries"]>(), unfollow, busyUntil: 0 };
    this.bells.set(agent, bells);
    return bells;
  }

  /** Never rejects. @param ring null: rings may have been missed, of any kind */
  private async ringHere(agent: string, ring: Ring | null): Promise<void> {
    const bells = this.bells.get(agent);
    if (!bells) return;
    const item = ring ? { for: ring.for } : {};
    const carrier = ring?.put ? newestCarrier(bells) : null;
    const mail = ring?.put && carrier ? await this.mailFor(agent, bells, ring.put, carrier) : null;
    const frame = JSON.stringify({ event: "new_item", item });
    for (const socket of bells.sockets.keys()) {
      if (mail && socket === carrier?.socket && socket.bufferedAmount === 0) {
        socket.send(JSON.stringify({ event: "new_item", item: { ...item, ...mail } }));
      } else if (socket.bufferedAmount < MAX_WAITING_BYTES) socket.send(frame);
    }
  }

  private async mailFor(
    agent: string,
    bells: Bells,
    put: NonNullable<Ring["put"]>,
    { installation }: Carrier,
  ): Promise<CarriedMail | null> {
    if (performance.now() < bells.busyUntil) return null;
    // A store that does not answer now: whoever looks is told so.
    const mail = await carriedMail(this.parts.store, agent, put, installation).catch(() => null);
    if (!mail) bells.busyUntil = performance.now() + BUSY_MS;
    return mail;
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
    this.cancelBeat = this.parts.timers.after(this.parts.heartbeatMs, () => this.beat());
  }
}

interface Carrier {
  readonly socket: WebSocket;
  readonly installation: string | null;
}

/** Mail goes to one of an agent's doorbells: those before the newest may be dead. */
function newestCarrier({ sockets }: Bells): Carrier | null {
  const found = [...sockets].findLast(([, carries]) => carries !== null);
  return found?.[1] ? { socket: found[0], installation: found[1].installation } : null;
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
