import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { exchange, type Request, RequestReader, write } from "./http-bytes.ts";
import type { Random } from "./random.ts";

/** What may happen to a request, an answer, or a piece of the doorbell's stream. */
const TROUBLES = [
  "delay",
  "drop-request",
  "drop-answer",
  "cut-answer",
  "repeat-request",
  "repeat-answer",
  "stale-answer",
  "overtaken",
  "corrupt-request",
  "corrupt-answer",
  "garbage-answer",
  "silence",
] as const;
const STREAM_TROUBLES = [
  "stream-cut",
  "stream-corrupt",
  "stream-swallow",
  "stream-repeat",
] as const;

/** Of four requests, one or two have trouble. */
const TROUBLE = 0.35;
const STREAM_TROUBLE = 0.15;
const LONGEST_DELAY_MS = 200;
const SILENCE_MS = 700;
/** How long the relay may take, in ms. */
const ANSWER_MS = 20_000;

/** What other programs answer that stand in a relay's place: gateways, portals, balancers. */
const GARBAGE = [
  ["502 Bad Gateway", "<html>bad gateway</html>"],
  ["503 Service Unavailable", ""],
  ["200 OK", "<html>Please log in to the network</html>"],
  ["200 OK", "{}"],
  ["204 No Content", null],
  ["400 Bad Request", "<html>bad request</html>"],
  ["404 Not Found", "<html>not found</html>"],
  ["413 Payload Too Large", "<html>too large</html>"],
  ["429 Too Many Requests", '{"error":"slow down"}'],
  ["500 Internal Server Error", '{"error":"internal error"}'],
] as const;

/**
 * Stands between daemons and relay, and does to their talk whatever a network can. `trouble` switches
 * it; `happened` counts what it did.
 */
export class ChaosProxy {
  trouble = false;
  readonly happened = new Map<string, number>();
  private readonly random: Random;
  private readonly target: number;
  private readonly sockets = new Set<Socket>();
  /** The last answer to each request line. */
  private readonly answers = new Map<string, Buffer>();
  private readonly passing = new Set<() => void>();
  private server: Server;
  private port = 0;

  private constructor(target: number, random: Random) {
    this.target = target;
    this.random = random;
    this.server = this.newServer();
  }

  /** @param port where it listens, and comes back to after it was away */
  static async start(target: string, port: number, random: Random): Promise<ChaosProxy> {
    const proxy = new ChaosProxy(Number(new URL(target).port), random);
    proxy.port = port;
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The relay cannot be reached for so long: connections end, and new ones are refused. */
  async away(ms: number): Promise<void> {
    this.count("away");
    await this.close();
    await delay(ms);
    this.server = this.newServer();
    await this.listen();
  }

  /** From now on everything passes; what is under way ends. */
  calm(): void {
    this.trouble = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private newServer(): Server {
    return createServer((socket) => this.serve(socket));
  }

  private async listen(): Promise<void> {
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
  }

  private serve(socket: Socket): void {
    this.keep(socket);
    const reader = new RequestReader();
    let tail = Promise.resolve();
    const read = (data: Buffer) => {
      reader.add(data);
      for (let request = reader.next(); request; request = reader.next()) {
        if (request.isUpgrade) {
          socket.off("data", read);
          this.stream(socket, Buffer.concat([request.bytes, reader.rest()]));
          return;
        }
        const one = request;
        tail = tail.then(() => this.carry(one, socket)).catch(() => void socket.destroy());
      }
    };
    socket.on("data", read);
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.sockets.delete(socket));
  }

  private async carry(request: Request, socket: Socket): Promise<void> {
    const kind = this.trouble && this.random.chance(TROUBLE) ? this.random.pick(TROUBLES) : "none";
    if (kind !== "none") this.count(kind);
    const ask = (bytes = request.bytes) => this.ask(request, bytes);
    switch (kind) {
      case "none":
        return write(socket, await ask());
      case "delay":
        await delay(this.random.between(1, LONGEST_DELAY_MS));
        return write(socket, await ask());
      case "drop-request":
        return void socket.destroy();
      case "drop-answer":
        await ask();
        return void socket.destroy();
      case "cut-answer": {
        const answer = await ask();
        await write(socket, answer.subarray(0, this.random.between(1, answer.length - 1)));
        return void socket.destroy();
      }
      case "repeat-request":
        await ask();
        return write(socket, await ask());
      case "repeat-answer": {
        const answer = await ask();
        return write(socket, Buffer.concat([answer, answer]));
      }
      case "stale-answer": {
        const before = this.answers.get(request.line);
        return write(socket, before ?? (await ask()));
      }
      case "overtaken":
        await this.overtaken();
        return write(socket, await ask());
      case "corrupt-request":
        return write(socket, await ask(this.corrupted(request.bytes)));
      case "corrupt-answer":
        return write(socket, this.corrupted(await ask()));
      case "garbage-answer":
        return write(socket, garbage(this.random.pick(GARBAGE)));
      case "silence":
        await delay(SILENCE_MS);
        return void socket.destroy();
      default:
        throw new Error(`no such trouble: ${kind satisfies never}`);
    }
  }

  private async ask(request: Request, bytes: Buffer): Promise<Buffer> {
    const answer = await exchange(this.target, bytes, ANSWER_MS);
    this.answers.set(request.line, answer);
    for (const pass of this.passing) pass();
    return answer;
  }

  /** Until another request was answered. */
  private overtaken(): Promise<void> {
    return new Promise((resolve) => {
      const pass = () => {
        this.passing.delete(pass);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(pass, LONGEST_DELAY_MS);
      this.passing.add(pass);
    });
  }

  /** The doorbell: bytes both ways, those of the relay with trouble. */
  private stream(socket: Socket, begin: Buffer): void {
    const relay = connect(this.target, "127.0.0.1");
    this.keep(relay);
    relay.write(begin);
    socket.on("data", (data: Buffer) => relay.write(data));
    relay.on("data", (data: Buffer) => this.rung(data, socket, relay));
    relay.once("close", () => socket.destroy());
    socket.once("close", () => relay.destroy());
  }

  private rung(data: Buffer, socket: Socket, relay: Socket): void {
    const kind =
      this.trouble && this.random.chance(STREAM_TROUBLE) ? this.random.pick(STREAM_TROUBLES) : "";
    if (kind) this.count(kind);
    if (kind === "stream-cut") relay.destroy();
    else if (kind === "stream-corrupt") socket.write(this.corrupted(data));
    else if (kind !== "stream-swallow") socket.write(data);
    if (kind === "stream-repeat") socket.write(data);
  }

  /** One byte is another. */
  private corrupted(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes);
    const at = this.random.between(0, copy.length - 1);
    copy[at] = (copy[at] as number) ^ this.random.between(1, 255);
    return copy;
  }

  private count(what: string): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1);
  }
}

function garbage([status, body]: readonly [string, string | null]): Buffer {
  const length = body === null ? "" : `content-length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`HTTP/1.1 ${status}\r\n${length}\r\n${body ?? ""}`);
}
