import { connect, type Socket } from "node:net";

/** One HTTP message as bytes: enough of HTTP/1.1 for what daemon and relay say to each other. */
export interface Request {
  readonly line: string;
  readonly isUpgrade: boolean;
  readonly bytes: Buffer;
}

const HEAD_END = Buffer.from("\r\n\r\n");

/** Cuts the bytes of a connection into requests; what follows an upgrade is `rest`. */
export class RequestReader {
  private kept: Buffer = Buffer.alloc(0);

  add(data: Buffer): void {
    this.kept = Buffer.concat([this.kept, data]);
  }

  /** Null: not whole yet. */
  next(): Request | null {
    const end = this.kept.indexOf(HEAD_END);
    if (end < 0) return null;
    const head = this.kept.subarray(0, end).toString("latin1");
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    const total = end + HEAD_END.length + length;
    if (this.kept.length < total) return null;
    const bytes = this.kept.subarray(0, total);
    this.kept = this.kept.subarray(total);
    const line = head.slice(0, head.indexOf("\r\n"));
    return { line, isUpgrade: /^upgrade: *websocket/im.test(head), bytes };
  }

  rest(): Buffer {
    const { kept } = this;
    this.kept = Buffer.alloc(0);
    return kept;
  }
}

/** How a connection's end is asked for and told; each message goes over one of its own. */
const CONNECTION = /^connection: .*\r\n/gim;

/**
 * Sends a request over a connection of its own, and resolves with the whole answer; rejects when
 * there is none within `ms`.
 */
export function exchange(port: number, request: Buffer, ms: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const parts: Buffer[] = [];
    const give = () => {
      socket.destroy();
      reject(new Error("no answer"));
    };
    const timer = setTimeout(give, ms);
    socket.on("data", (data: Buffer) => parts.push(data));
    socket.once("error", give);
    socket.once("close", () => {
      clearTimeout(timer);
      if (parts.length === 0) reject(new Error("no answer"));
      else resolve(withConnection(Buffer.concat(parts), "keep-alive"));
    });
    socket.write(withConnection(request, "close"));
  });
}

/** The same message with this `Connection` header. */
function withConnection(message: Buffer, value: string): Buffer {
  const end = message.indexOf(HEAD_END);
  if (end < 0) return message;
  const head = `${message.subarray(0, end).toString("latin1")}\r\n`.replace(CONNECTION, "");
  const rest = message.subarray(end + HEAD_END.length);
  return Buffer.concat([Buffer.from(`${head}connection: ${value}\r\n\r\n`, "latin1"), rest]);
}

/** Resolves when the socket's buffer took it; a socket that is gone takes nothing. */
export function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.write(bytes, () => resolve());
  });
}
