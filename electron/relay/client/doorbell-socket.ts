import { WebSocket } from "ws";
import type { Clock } from "../../platform/clock.ts";
import { type Signer, streamAuthorization } from "../signing.ts";
import type { RelayListener } from "../transport.ts";

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 15_000;
const HEARTBEAT_MS = 20_000;

/** The WebSocket that says when to look; it comes back forever, with back-off and jitter. */
export class DoorbellSocket {
  private readonly url: string;
  private readonly signer: Signer;
  private readonly clock: Clock;
  private socket: WebSocket | null = null;
  private timer: NodeJS.Timeout | null = null;
  private failures = 0;
  private closed = false;

  constructor(url: string, signer: Signer, clock: Clock) {
    this.url = url.replace(/^http/, "ws");
    this.signer = signer;
    this.clock = clock;
  }

  open(listener: RelayListener): void {
    if (this.closed) return;
    listener.state("connecting", null);
    const authorization = encodeURIComponent(streamAuthorization(this.signer, this.clock.now()));
    const socket = new WebSocket(`${this.url}/inbox/stream?authorization=${authorization}`, {
      handshakeTimeout: 10_000,
      maxPayload: 1024 * 1024,
    });
    this.socket = socket;
    let problem = "the relay closed the connection";
    let alive = true;
    const heartbeat = setInterval(() => {
      if (!alive) socket.terminate();
      alive = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, HEARTBEAT_MS);
    socket.on("open", () => {
      this.failures = 0;
      listener.state("online", null);
      listener.doorbell();
    });
    socket.on("message", () => listener.doorbell());
    for (const sign of ["message", "ping", "pong"] as const) {
      socket.on(sign, () => {
        alive = true;
      });
    }
    socket.on("error", (error) => {
      problem = error.message;
    });
    socket.on("close", () => {
      clearInterval(heartbeat);
      if (this.closed) return;
      listener.state("offline", problem);
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failures++);
      this.timer = setTimeout(() => this.open(listener), wait * (0.5 + Math.random() / 2));
    });
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    this.socket?.terminate();
  }
}
