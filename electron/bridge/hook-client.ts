import { connect, type Socket } from "node:net";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { HomePaths } from "../platform/paths.ts";
import { newNonce, proofOf, readSecret, sameProof } from "./secret.ts";

type Fields = Record<string, unknown>;
interface Message {
  method?: string;
  id?: number;
  result?: Fields;
  error?: object;
}
interface Waiting {
  resolve(result: Fields): void;
  reject(error: Error): void;
}

/**
 * The socket's client in as little code as it takes: a hook has no time to load schemas and a JSON-RPC
 * library. Anything unexpected rejects.
 */
export class HookClient {
  private readonly socket: Socket;
  private readonly waiting = new Map<number, Waiting>();
  private rest = "";
  private serial = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (data: string) => this.read(data));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.fail());
  }

  /** Rejects when no host is there, or the one there does not know the secret. */
  static async connect(paths: HomePaths): Promise<HookClient> {
    const secret = readSecret(paths.secret);
    if (!secret) throw new Error("no host");
    const client = new HookClient(connect(paths.socket));
    const nonce = newNonce();
    const hello = await client.call("hello", {
      protocol: PROTOCOL_VERSION,
      client: "hook",
      nonce,
    });
    const hostNonce = String(hello.nonce);
    if (!sameProof(String(hello.proof), proofOf(secret, "host", nonce, hostNonce))) {
      client.close();
      throw new Error("not the host");
    }
    await client.call("prove", { proof: proofOf(secret, "client", nonce, hostNonce) });
    return client;
  }

  call(method: string, params: Fields): Promise<Fields> {
    const id = ++this.serial;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      if (this.socket.destroyed) this.fail();
      else this.socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: string): void {
    const lines = (this.rest + data).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = JSON.parse(line) as Message;
      // The host asks whether a hook that waits is there.
      if (message.method === "ping" && message.id !== undefined) {
        this.socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, result: null })}\n`);
        continue;
      }
      const waiting = message.id === undefined ? undefined : this.waiting.get(message.id);
      if (!waiting) continue;
      this.waiting.delete(message.id as number);
      if (message.result) waiting.resolve(message.result);
      else waiting.reject(new Error("refused"));
    }
  }

  private fail(): void {
    for (const { reject } of this.waiting.values()) reject(new Error("the connection ended"));
    this.waiting.clear();
  }
}
