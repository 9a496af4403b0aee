import type { HostKind } from "../../shared/model/snapshot.ts";
import type {
  CallName,
  CallParams,
  CallResult,
  NotificationName,
  NotificationParams,
} from "../../shared/protocol/protocol.ts";

/**
 * What the local socket needs of the daemon: one `ClientConnection` per proven connection. The socket
 * server owns framing, proof and schemas; behind this port every call is already shaped and allowed.
 */
export type AuthorizedCall = Exclude<CallName, "hello" | "prove">;

export interface CallContext {
  /** Aborted when the client cancels the call or its connection ends. */
  readonly signal: AbortSignal;
}

export interface ClientConnection {
  /** Errors are TinyplaceError where the client can do something about them. */
  call<N extends AuthorizedCall>(
    name: N,
    params: CallParams<N>,
    context: CallContext,
  ): Promise<CallResult<N>>;
  /** The connection ended, in order or not. Called once. */
  closed(): void;
}

/** The host's way back to one client. */
export interface ClientPeer {
  notify<N extends NotificationName>(name: N, params: NotificationParams<N>): void;
  /** Resolves when the client answers; rejects when the connection ends first. */
  ping(): Promise<void>;
  /** Ends the connection, after a `goodbye` where one is given. */
  close(goodbye?: NotificationParams<"goodbye">): void;
}

export interface SessionHost {
  readonly description: { pid: number; kind: HostKind; version: string };
  connect(peer: ClientPeer, client: string): ClientConnection;
}
