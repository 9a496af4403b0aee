import { connect } from "node:net";
import {
  CancellationTokenSource,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
} from "vscode-jsonrpc/node";
import { isErrorCode, TinyplaceError } from "../../shared/errors/errors.ts";
import {
  type CallName,
  type CallParams,
  type CallResult,
  type NotificationName,
  type NotificationParams,
  PING,
  PROTOCOL_VERSION,
} from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import { LineReader, LineWriter } from "./framing.ts";
import { newNonce, proofOf, readSecret, sameProof } from "./secret.ts";

/** A proven connection to the host of a data folder. */
export class HostClient {
  private readonly rpc: MessageConnection;
  readonly host: CallResult<"prove">;
  private readonly onEnd = new Set<() => void>();
  private ended = false;

  private constructor(rpc: MessageConnection, host: CallResult<"prove">) {
    this.rpc = rpc;
    this.host = host;
    rpc.onClose(() => {
      this.ended = true;
      for (const listener of this.onEnd) listener();
    });
  }

  /** Throws `host_absent` when nobody listens, `proof_refused` when either proof fails. */
  static async connect(paths: HomePaths, client: string): Promise<HostClient> {
    const secret = readSecret(paths.secret);
    if (!secret) throw hostAbsent(paths);
    const socket = connect(paths.socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", (cause) => reject(hostAbsent(paths, cause)));
    });
    socket.on("error", () => socket.destroy());
    const rpc = createMessageConnection(new LineReader(socket), new LineWriter(socket));
    rpc.onError(() => undefined);
    // Disposing is what ends the calls that wait for an answer: closing alone leaves them waiting.
    rpc.onClose(() => rpc.dispose());
    rpc.onRequest(PING, () => null);
    rpc.listen();
    try {
      const nonce = newNonce();
      const hello = await request(rpc, "hello", { protocol: PROTOCOL_VERSION, client, nonce });
      if (!sameProof(hello.proof, proofOf(secret, "host", nonce, hello.nonce)))
        throw impostor(paths);
      const proof = proofOf(secret, "client", nonce, hello.nonce);
      return new HostClient(rpc, await request(rpc, "prove", { proof }));
    } catch (error) {
      rpc.dispose();
      socket.destroy();
      throw error;
    }
  }

  call<N extends CallName>(
    name: N,
    params: CallParams<N>,
    signal?: AbortSignal,
  ): Promise<CallResult<N>> {
    return request(this.rpc, name, params, signal);
  }

  on<N extends NotificationName>(name: N, listener: (params: NotificationParams<N>) => void): void {
    this.rpc.onNotification(name, listener);
  }

  /** False from the moment at which the connection ended. */
  get isOpen(): boolean {
    return !this.ended;
  }

  onClose(listener: () => void): void {
    this.onEnd.add(listener);
  }

  close(): void {
    this.rpc.end();
    this.rpc.dispose();
  }
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

export function hostAbsent(paths: HomePaths, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "host_absent",
    `No tinyplace runs for ${paths.home}.`,
    "Start the application (`npm start`) or `tinyplace daemon` with the same data folder, then call again.",
    { cause },
  );
}

function impostor(paths: HomePaths): TinyplaceError {
  return new TinyplaceError(
    "proof_refused",
    `What listens on ${paths.socket} is not tinyplace: it does not know the secret.`,
    "End that process and start tinyplace again.",
  );
}
