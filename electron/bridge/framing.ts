import type { Socket } from "node:net";
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type DataCallback,
  type Disposable,
  type Message,
  type MessageReader,
  type MessageWriter,
} from "vscode-jsonrpc/node";
import { MAX_FRAME_BYTES } from "../../shared/protocol/protocol.ts";

/** A client that lets this much wait to be written is cut off, in bytes. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** One JSON-RPC message a line. What is no such line ends the connection, and only that one. */
export class LineReader extends AbstractMessageReader implements MessageReader {
  /** Messages handed on so far. */
  received = 0;
  private readonly socket: Socket;
  private chunks: Buffer[] = [];
  private size = 0;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
  }

  listen(callback: DataCallback): Disposable {
    this.socket.on("data", (data: Buffer) => this.read(data, callback));
    this.socket.on("close", () => this.fireClose());
    return { dispose: () => this.socket.destroy() };
  }

  private read(data: Buffer, callback: DataCallback): void {
    let rest = data;
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      this.keep(rest.subarray(0, end));
      const line = Buffer.concat(this.chunks).toString("utf8");
      this.chunks = [];
      this.size = 0;
      rest = rest.subarray(end + 1);
      const message = parseMessage(line);
      if (!message) {
        this.cut();
        return;
      }
      this.received++;
      callback(message);
    }
    if (rest.length > 0) this.keep(rest);
  }

  private keep(part: Buffer): void {
    this.size += part.length;
    if (this.size > MAX_FRAME_BYTES) this.cut();
    else this.chunks.push(part);
  }

  private cut(): void {
    this.fireError(new Error("what arrived is not a frame of this protocol"));
    this.socket.destroy();
  }
}

/** What is written within one turn goes out together: a commit answers many calls at once. */
export class LineWriter extends AbstractMessageWriter implements MessageWriter {
  private readonly socket: Socket;
  private lines: string[] = [];
  private size = 0;
  private flushed: Promise<void> | null = null;

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.on("close", () => this.fireClose());
  }

  write(message: Message): Promise<void> {
    const line = `${JSON.stringify(message)}\n`;
    this.lines.push(line);
    this.size += line.length;
    if (this.socket.writableLength + this.size > MAX_WAITING_BYTES) this.socket.destroy();
    this.flushed ??= new Promise((resolve, reject) => {
      process.nextTick(() =>
        this.flush((error) => {
          if (error) reject(error);
          else resolve();
        }),
      );
    });
    return this.flushed;
  }

  /** After what was written. */
  end(): void {
    this.flush();
    this.socket.end();
  }

  private flush(done?: (error?: Error | null) => void): void {
    const text = this.lines.join("");
    this.lines = [];
    this.size = 0;
    this.flushed = null;
    // `end` may have written it already.
    if (text === "") done?.();
    else this.socket.write(text, done);
  }
}

function parseMessage(line: string): Message | null {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage =
      typeof value === "object" &&
      value !== null &&
      (value as { jsonrpc?: unknown }).jsonrpc === "2.0";
    return isMessage ? (value as Message) : null;
  } catch {
    return null;
  }
}
