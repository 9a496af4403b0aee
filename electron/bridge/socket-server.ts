import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  type CancellationToken,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import { errorView, TinyplaceError } from "../../shared/errors/errors.ts";
import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import {
  type CallName,
  calls,
  type NotificationParams,
  PING,
} from "../../shared/protocol/protocol.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { failpoint, failpointAfterAnswer } from "../platform/failpoints.ts";
import type { HomePaths } from "../platform/paths.ts";
import { privateFolder } from "../platform/paths.ts";
import { LineReader, LineWriter } from "./framing.ts";
import { loadOrCreateSecret, newNonce, proofOf, sameProof } from "./secret.ts";
import type { AuthorizedCall, ClientConnection, ClientPeer, SessionHost } from "./session-host.ts";

const PROOF_WITHIN_MS = 5_000;
const GOODBYE_WITHIN_MS = 1_000;
/** A session has two: its bridge, and the hook that waits for its mail. */
const MAX_CONNECTIONS = 512;
const MAX_IN_FLIGHT = 64;
/** JSON-RPC's own range for application errors; the reason is in `data`. */
const APPLICATION_ERROR = -32000;

export interface SocketServer {
  /** Stops listening, which removes the socket's file, and ends every connection with a goodbye. */
  close(goodbye?: NotificationParams<"goodbye">): Promise<void>;
}

const ENDS = { reason: "tinyplace is closing", next: "end" } as const;

/** Listens on the data folder's socket. The caller holds the owner lock, so a file there is stale. */
export async function startSocketServer(options: {
  paths: HomePaths;
  host: SessionHost;
  timers?: Timers;
}): Promise<SocketServer> {
  const { paths, host } = options;
  const secret = loadOrCreateSecret(paths.secret);
  const timers = options.timers ?? systemTimers;
  const open = new Set<Connection>();
  const server: Server = createServer((socket) => {
    if (open.size >= MAX_CONNECTIONS) return void socket.destroy();
    const connection = new Connection(socket, { host, secret, timers });
    open.add(connection);
    socket.once("close", () => open.delete(connection));
  });
  if (process.platform !== "win32") {
    privateFolder(paths.socketFolder);
    rmSync(paths.socket, { force: true });
  }
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(paths.socket, resolve);
  });
  if (process.platform !== "win32") chmodSync(paths.socket, 0o600);
  return {
    close: async (goodbye = ENDS) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of open) connection.close(goodbye);
      // Whoever does not read any more must not keep the next owner waiting.
      const late = timers.after(GOODBYE_WITHIN_MS, () => {
        for (const connection of open) connection.close();
      });
      await closed;
      late();
    },
  };
}

class Connection implements ClientPeer {
  private readonly socket: Socket;
  private readonly rpc: MessageConnection;
  private readonly parts: { host: SessionHost; secret: Uint8Array; timers: Timers };
  private readonly ended = new AbortController();
  private readonly hostNonce = newNonce();
  private readonly cancelDeadline: () => void;
  private clientNonce: string | null = null;
  private clientName = "";
  private client: ClientConnection | null = null;
  private inFlight = 0;

  constructor(socket: Socket, parts: { host: SessionHost; secret: Uint8Array; timers: Timers }) {
    this.socket = socket;
    this.parts = parts;
    this.rpc = createMessageConnection(new LineReader(socket), new LineWriter(socket));
    this.rpc.onError(() => undefined);
    this.cancelDeadline = parts.timers.after(PROOF_WITHIN_MS, () => {
      if (!this.client) socket.destroy();
    });
    for (const name of Object.keys(calls) as CallName[]) {
      this.rpc.onRequest(name, (params: unknown, token: CancellationToken) =>
        this.answer(name, params, token),
      );
    }
    this.rpc.onRequest(PING, () => null);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => this.onClosed());
    this.rpc.listen();
  }

  notify(name: string, params: object): void {
    // A connection that just ended needs no news; its close is handled elsewhere.
    this.rpc.sendNotification(name, params).catch(() => undefined);
  }

  async ping(): Promise<void> {
    await this.rpc.sendRequest(PING, {});
  }

  close(goodbye?: NotificationParams<"goodbye">): void {
    if (!goodbye) return void this.socket.destroy();
    this.rpc
      .sendNotification("goodbye", goodbye)
      .catch(() => undefined)
      .finally(() => this.socket.destroySoon());
  }

  private onClosed(): void {
    this.cancelDeadline();
    this.ended.abort();
    this.rpc.dispose();
    this.client?.closed();
    this.client = null;
  }

  private async answer(
    name: CallName,
    params: unknown,
    token: CancellationToken,
  ): Promise<unknown> {
    try {
      if (this.inFlight >= MAX_IN_FLIGHT) throw tooMany();
      this.inFlight++;
      try {
        return await this.dispatch(name, checked(name, params), token);
      } finally {
        this.inFlight--;
      }
    } catch (error) {
      const view = errorView(error);
      return new ResponseError(APPLICATION_ERROR, view.error, view);
    }
  }

  private async dispatch(
    name: CallName,
    params: object,
    token: CancellationToken,
  ): Promise<unknown> {
    if (name === "hello")
      return this.hello(params as { nonce: string; client: string; protocol: number });
    if (name === "prove") return this.prove((params as { proof: string }).proof);
    if (!this.client) throw proofRefused("the connection has not proven that it knows the secret");
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort());
    const signal = AbortSignal.any([abort.signal, this.ended.signal]);
    try {
      const result = await this.client.call(name as AuthorizedCall, params as never, { signal });
      if (name === "send") failpoint("send-answer.before");
      if (name === "send") failpointAfterAnswer("send-answer.after");
      return result;
    } finally {
      listening.dispose();
    }
  }

  private hello(params: { nonce: string; client: string; protocol: number }) {
    if (params.protocol !== PROTOCOL_VERSION) {
      throw new TinyplaceError(
        "bad_request",
        `This tinyplace speaks protocol ${PROTOCOL_VERSION}, the client ${params.protocol}.`,
        "Start the Claude Code session again, so that both are of one version.",
      );
    }
    this.clientNonce = params.nonce;
    this.clientName = params.client;
    const proof = proofOf(this.parts.secret, "host", params.nonce, this.hostNonce);
    return { nonce: this.hostNonce, proof };
  }

  private prove(proof: string) {
    const expected =
      this.clientNonce && proofOf(this.parts.secret, "client", this.clientNonce, this.hostNonce);
    if (!expected || !sameProof(proof, expected)) {
      setImmediate(() => this.socket.destroySoon());
      throw proofRefused("the proof of the socket's secret is wrong");
    }
    this.client ??= this.parts.host.connect(this, this.clientName);
    return this.parts.host.description;
  }
}

function checked(name: CallName, params: unknown): object {
  const result = calls[name].params.safeParse(params);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new TinyplaceError(
    "bad_request",
    `${name}: ${issue?.path.join(".") || "the request"} is wrong: ${issue?.message ?? ""}`,
    "Correct that field and call again.",
  );
}

function proofRefused(what: string): TinyplaceError {
  return new TinyplaceError(
    "proof_refused",
    `Refused: ${what}.`,
    "Use the data folder (TINYPLACE_HOME) of the tinyplace that runs, as the user it runs for.",
  );
}

function tooMany(): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    `This connection has ${MAX_IN_FLIGHT} calls under way.`,
    "Wait for some of them to end, then call again.",
  );
}
