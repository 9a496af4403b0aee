import type { IncomingMessage } from "node:http";
import { type RawData, WebSocket } from "ws";
import { z } from "zod";
import type { Timers } from "../../../shared/pacing/timers.ts";
import type { Clock } from "../../platform/clock.ts";
import { contentDigest } from "../content-digest.ts";
import { type Signer, signedHeaders, streamAuthorization } from "../signing.ts";
import type { MailPage, RelayListener } from "../transport.ts";
import { type RungFor, rungFor } from "../wire.ts";
import { mailPage } from "./mail-page.ts";
import type { Doorbell } from "./relay-wire.ts";

const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 15_000;

const frame = z.object({
  item: z.object({
    for: rungFor,
    /** What `GET /messages` would answer, and the digest that it would have. */
    page: z.string().optional(),
    digest: z.string().optional(),
  }),
});

interface DoorbellParts {
  /** The relay's base URL, http or https. */
  readonly url: string;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Which installation drains the mailbox (rule N5); null where the relay is told none. */
  readonly installation: string | null;
  readonly heartbeatMs: number;
}

/** The WebSocket that says when to look; it comes back forever, with back-off and jitter. */
export class DoorbellSocket implements Doorbell {
  private readonly parts: DoorbellParts;
  private readonly url: string;
  private socket: WebSocket | null = null;
  private cancelTimer: (() => void) | null = null;
  private failures = 0;
  private opened = false;
  private closed = false;

  constructor(parts: DoorbellParts) {
    this.parts = parts;
    this.url = parts.url.replace(/^http/, "ws");
  }

  open(listener: RelayListener): void {
    if (this.opened || this.closed) return;
    this.opened = true;
    this.connect(listener);
  }

  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    this.socket?.terminate();
  }

  private connect(listener: RelayListener): void {
    if (this.closed) return;
    listener.state("connecting", null);
    const { uri, headers } = this.request();
    const socket = new WebSocket(`${this.url}${uri}`, {
      headers,
      handshakeTimeout: 10_000,
      maxPayload: 1024 * 1024,
    });
    this.socket = socket;
    let problem = "the relay closed the connection";
    socket.on("open", () => {
      this.beat(socket);
      listener.state("online", null);
      // Mail may have come while nobody could ring.
      listener.doorbell(null);
    });
    socket.on("message", (data) => listener.doorbell(...rungOf(data)));
    // A relay that takes connections only to drop them is not one that works again.
    socket.on("pong", () => {
      this.failures = 0;
    });
    socket.on("unexpected-response", (_request, response: IncomingMessage) => {
      problem = `the relay refused the connection (${response.statusCode ?? "no status"})`;
      if (response.statusCode === 401) problem += ": check this machine's clock";
      socket.terminate();
    });
    socket.on("error", (error) => {
      if (problem === "the relay closed the connection") problem = wordsOf(error);
    });
    socket.on("close", () => {
      if (this.closed) return;
      this.cancelTimer?.();
      listener.state("offline", problem);
      const wait = doorbellDelay(this.failures++, Math.random());
      this.cancelTimer = this.parts.timers.after(wait, () => this.connect(listener));
    });
  }

  /** Signed as every request is, too: mail travels with the rings of such a doorbell only. */
  private request(): { uri: string; headers: Record<string, string> } {
    const { signer, clock, installation } = this.parts;
    const now = clock.now();
    const authorization = encodeURIComponent(streamAuthorization(signer, now));
    const drains = installation === null ? "" : `&installation=${encodeURIComponent(installation)}`;
    const uri = `/inbox/stream?authorization=${authorization}${drains}`;
    const request = { method: "GET", uri, body: null, actor: signer.address, now };
    return { uri, headers: signedHeaders(signer, request) };
  }

  /** Pings now and then, and drops a connection whose last ping was not answered. */
  private beat(socket: WebSocket): void {
    let answered = false;
    socket.once("pong", () => {
      answered = true;
    });
    socket.ping();
    this.cancelTimer = this.parts.timers.after(this.parts.heartbeatMs, () => {
      if (answered) this.beat(socket);
      else socket.terminate();
    });
  }
}

/** What the frame says it is for, null for the frames of relays that do not say; and what it brings. */
function rungOf(data: RawData): [RungFor | null, MailPage?] {
  try {
    const { item } = frame.parse(JSON.parse(data.toString()));
    // What was damaged on its way is looked for.
    if (!item.page || item.digest !== contentDigest(item.page)) return [item.for];
    return [item.for, mailPage.parse(JSON.parse(item.page))];
  } catch {
    return [null];
  }
}

/** Ms before the next attempt. @param failures in a row, from 0. @param random in [0, 1). */
export function doorbellDelay(failures: number, random: number): number {
  const full = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
  return Math.round(full * (0.5 + random / 2));
}

/** Node names the cause of a failed connection by code alone when it tried several addresses. */
function wordsOf(error: Error): string {
  if (error.message !== "") return error.message;
  return String((error as { code?: unknown }).code ?? "the relay does not answer");
}
