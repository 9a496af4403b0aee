import { connect, type Socket } from "node:net";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  type MessageStrategy,
  ResponseError,
} from "vscode-jsonrpc/node";
import { isErrorCode, TinyplaceError } from "../../shared/errors/errors.ts";
import { systemTimers, type Timers } from "../../shared/pacing/timers.ts";
import {
  type CallName,
  type CallParams,
  type CallResult,
  type NotificationName,
  type NotificationParams,
  PING,
} from "../../shared/protocol/protocol.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import type { HomePaths } from "../platform/paths.ts";
import { LineReader, LineWriter } from "./framing.ts";
import { hostHung, noOwner } from "./owner-errors.ts";
import { newNonce, proofOf, readSecret, sameProof } from "./secret.ts";

/** Who does not prove itself within this many ms hangs. */
const PROOF_WITHIN_MS = 5_000;
/** While a call waits the host is asked this often for a sign of life, and hangs after two without. */
const SIGN_EVERY_MS = 2_500;

/** A proven connection to the host of a data folder. */
export class HostClient {
  readonly host: CallResult<"prove">;
  /** What is said when this host does not answer. */
  readonly hung: () => TinyplaceError;
  /** What the host said when it ended the connection in order; null until then. */
  goodbye: NotificationParams<"goodbye"> | null = null;
  private readonly rpc: MessageConnection;
  private readonly timers: Timers;
  private readonly onEnd = new Set<() => void>();
  private ended = false;
  private question: object | null = null;

  private constructor(
    rpc: MessageConnection,
    host: CallResult<"prove">,
    parts: { hung: () => TinyplaceError; timers: Timers },
  ) {
    this.rpc = rpc;
    this.host = host;
    this.hung = parts.hung;
    this.timers = parts.timers;
    this.on("goodbye", (goodbye) => {
      this.goodbye = goodbye;
    });
    rpc.onDispose(() => this.end());
  }

  /**
   * Throws `host_absent` or `host_quit` when nobody listens, `host_hung` when who listens does not
   * answer, `proof_refused` when either proof fails.
   */
  static async connect(paths: HomePaths, client: string, timers?: Timers): Promise<HostClient> {
    const found = await HostClient.connectIfThere(paths, client, timers);
    if (found) return found;
    throw noOwner(paths);
  }

  /** As `connect`, with null when nobody listens. */
  static async connectIfThere(
    paths: HomePaths,
    client: string,
    timers: Timers = systemTimers,
  ): Promise<HostClient | null> {
    const secret = readSecret(paths.secret);
    const socket = secret && (await openSocket(paths));
    if (!secret || !socket) return null;
    const rpc = connectionOver(socket);
    const hung = () => hostHung(paths);
    let late = (): void => undefined;
    const deadline = new Promise<never>((_resolve, reject) => {
      late = timers.after(PROOF_WITHIN_MS, () => reject(hung()));
    });
    try {
      const host = await Promise.race([prove(rpc, { secret, client, paths }), deadline]);
      return new HostClient(rpc, host, { hung, timers });
    } catch (error) {
      rpc.dispose();
      socket.destroy();
      // Who ends the connection instead of an answer is on its way out: nobody is there.
      if (error instanceof TinyplaceError && error.code === "host_absent") return null;
      throw error;
    } finally {
      late();
    }
  }

  /**
   * However long the call may take, a host that gives no sign of life ends it, and this connection
   * with it: `host_hung`.
   */
  async call<N extends CallName>(
    name: N,
    params: CallParams<N>,
    signal?: AbortSignal,
  ): Promise<CallResult<N>> {
    let stopWatch = (): void => undefined;
    const hung = new Promise<never>((_resolve, reject) => {
      stopWatch = this.watch(() => {
        reject(this.hung());
        this.close();
      });
    });
    const answer = request(this.rpc, name, params, signal);
    // After `hung` nobody waits for it any more.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, hung]);
    } finally {
      stopWatch();
    }
  }

  on<N extends NotificationName>(name: N, listener: (params: NotificationParams<N>) => void): void {
    this.rpc.onNotification(name, listener);
  }

  /** False from the moment at which the connection ended. */
  get isOpen(): boolean {
    return !this.ended;
  }

  /** Called once, at once where the connection has ended already. */
  onClose(listener: () => void): void {
    if (this.ended) listener();
    else this.onEnd.add(listener);
  }

  close(): void {
    this.rpc.end();
    this.rpc.dispose();
    this.end();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    for (const listener of this.onEnd) listener();
  }

  /**
   * All calls that wait share one question. Two looks must find the same one unanswered: a single late
   * look, as after a sleep of the machine, may come before an answer that waits to be read.
   */
  private watch(silent: () => void): () => void {
    let mine: object | null = null;
    let missed = 0;
    let cancel = (): void => undefined;
    const look = () => {
      missed = mine !== null && mine === this.question ? missed + 1 : 0;
      if (missed >= 2) return silent();
      mine = this.question ??= this.ask();
      cancel = this.timers.after(SIGN_EVERY_MS, look);
    };
    cancel = this.timers.after(SIGN_EVERY_MS, look);
    return () => cancel();
  }

  /** The question while it is unanswered. */
  private ask(): object {
    const question = {};
    const answered = async () => {
      await this.rpc.sendRequest(PING);
      if (this.question === question) this.question = null;
    };
    // It fails when the connection ended, and so does every call on it.
    answered().catch(() => undefined);
    return question;
  }
}

/** Null when nobody listens. Throws `host_hung` when somebody does, but takes nobody in. */
async function openSocket(paths: HomePaths): Promise<Socket | null> {
  const socket = connect(paths.socket);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
  } catch (error) {
    // Its queue of connections is full: it has taken none for a long time.
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") throw hostHung(paths);
    return null;
  }
  socket.on("error", () => socket.destroy());
  return socket;
}

/** Ends, and with it every request that waits, once all that arrived before the socket's end is read. */
function connectionOver(socket: Socket): MessageConnection {
  const reader = new LineReader(socket);
  let handled = 0;
  const messageStrategy: MessageStrategy = {
    handleMessage: (message, next) => {
      handled++;
      return next(message);
    },
  };
  const writer = new LineWriter(socket);
  const rpc = createMessageConnection(reader, writer, undefined, { messageStrategy });
  const dispose = () => {
    // The last of it is the answer to a handover, or the goodbye.
    if (handled < reader.received) setImmediate(dispose);
    else rpc.dispose();
  };
  rpc.onError(() => undefined);
  rpc.onRequest(PING, () => null);
  rpc.onClose(dispose);
  rpc.listen();
  return rpc;
}

async function prove(
  rpc: MessageConnection,
  parts: { secret: Uint8Array; client: string; paths: HomePaths },
): Promise<CallResult<"prove">> {
  const { secret, client, paths } = parts;
  const nonce = newNonce();
  const hello = await request(rpc, "hello", { protocol: PROTOCOL_VERSION, client, nonce });
  if (!sameProof(hello.proof, proofOf(secret, "host", nonce, hello.nonce))) throw impostor(paths);
  return request(rpc, "prove", { proof: proofOf(secret, "client", nonce, hello.nonce) });
}

async function request<N extends CallName>(
  rpc: MessageConnection,
  name: N,
  params: CallParams<N>,
  signal?: AbortSignal,
): Promise<CallResult<N>> {
  const cancellation = new CancellationTokenSource();
  const cancel = () => cancellation.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await rpc.sendRequest<CallResult<N>>(name, params, cancellation.token);
  } catch (error) {
    throw toTinyplaceError(error);
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancellation.dispose();
  }
}

function toTinyplaceError(error: unknown): TinyplaceError {
  const data = error instanceof ResponseError ? (error.data as Record<string, unknown>) : null;
  if (data && isErrorCode(data.code)) {
    return new TinyplaceError(data.code, String(data.error), String(data.next));
  }
  return new TinyplaceError(
    "host_absent",
    "The connection to tinyplace ended during the call.",
    "Call again; the bridge connects again by itself. `inbox` and `check_reply` show what happened.",
    { cause: error },
  );
}

function impostor(paths: HomePaths): TinyplaceError {
  return new TinyplaceError(
    "proof_refused",
    `What listens on ${paths.socket} is not tinyplace: it does not know the secret.`,
    "End that process and start tinyplace again.",
  );
}
