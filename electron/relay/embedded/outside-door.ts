import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { RelayFront } from "../server/server.ts";

/** Connections that wait while what serves them loads. */
const MAX_WAITING = 1000;

/**
 * Loopback's door to the embedded relay, for who is not of this process. It listens from the start, so
 * that its address is known and tried, but HTTP is loaded when the first comes: most data folders are
 * never asked.
 */
export class OutsideDoor {
  private readonly load: () => Promise<RelayFront>;
  private readonly failed: (error: unknown) => void;
  private readonly server: Server;
  private listensAt = 0;
  private waiting: Socket[] = [];
  private loading: Promise<void> | null = null;
  private loaded: RelayFront | null = null;
  private closed = false;

  private constructor(load: () => Promise<RelayFront>, failed: (error: unknown) => void) {
    this.load = load;
    this.failed = failed;
    this.server = createServer({ pauseOnConnect: true }, (socket) => this.take(socket));
    this.server.maxConnections = MAX_WAITING;
  }

  /**
   * Rejects when the port is taken.
   * @param port 0 for any free one
   * @param failed told why what serves HTTP could not be loaded, or not take over
   */
  static async open(
    port: number,
    load: () => Promise<RelayFront>,
    failed: (error: unknown) => void,
  ): Promise<OutsideDoor> {
    const door = new OutsideDoor(load, failed);
    await new Promise<void>((resolve, reject) => {
      door.server.once("error", reject);
      door.server.listen({ host: "127.0.0.1", port }, resolve);
    });
    door.listensAt = (door.server.address() as AddressInfo).port;
    return door;
  }

  get port(): number {
    return this.listensAt;
  }

  /** What serves those who came; null while nobody has. */
  get front(): RelayFront | null {
    return this.loaded;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.loading;
    if (this.loaded) return this.loaded.close();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private take(socket: Socket): void {
    if (this.closed) {
      socket.destroy();
      return;
    }
    this.waiting.push(socket);
    // Until something serves it nobody else listens, and an unheard error ends the process.
    socket.once("error", drop);
    this.loading ??= this.loadFront().finally(() => {
      this.loading = null;
    });
  }

  /** Never rejects. Where it cannot be loaded, or served, the next who comes has it tried again. */
  private async loadFront(): Promise<void> {
    let front: RelayFront | null = null;
    let waiting: readonly Socket[] = [];
    try {
      front = await this.load();
      waiting = this.takeWaiting();
      if (this.closed) throw new Error("the relay ends");
      await front.takeOver(this.server, waiting);
      this.loaded = front;
    } catch (error) {
      for (const socket of [...waiting, ...this.takeWaiting()]) socket.destroy();
      await front?.close().catch(() => undefined);
      if (!this.closed) this.failed(error);
    }
    for (const socket of waiting) socket.off("error", drop);
  }

  private takeWaiting(): readonly Socket[] {
    const { waiting } = this;
    this.waiting = [];
    return waiting;
  }
}

function drop(this: Socket): void {
  this.destroy();
}
