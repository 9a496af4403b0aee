import { createHash } from "node:crypto";
import {
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  type StoredMsg,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { connect, credsAuthenticator, type NatsConnection, nanos } from "@nats-io/transport-node";
import { TinyplaceError } from "../../../../shared/errors/errors.ts";
import type { NatsAddress } from "./address.ts";
import { reliably, StoreUnavailable } from "./reliably.ts";

/** One request to the cluster; a leader that answers at all does so much sooner. */
const REQUEST_MS = 3_000;
/** The largest envelope and what is around it. */
const MIN_PAYLOAD = 4 * 1024 * 1024;

type StreamSettings = Pick<StreamConfig, "subjects"> & Partial<StreamConfig>;

/**
 * One connection to a NATS cluster. Everything is read from the leader of its stream: a follower may
 * not have what was just stored, and a mailbox read too early would wait for the next doorbell.
 */
export class Cluster {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  private readonly address: NatsAddress;

  private constructor(connection: NatsConnection, address: NatsAddress, manager: JetStreamManager) {
    this.connection = connection;
    this.address = address;
    this.manager = manager;
    this.js = jetstream(connection, { timeout: REQUEST_MS });
  }

  /** Waits some seconds for a cluster that is starting; rejects with what is wrong. */
  static async connect(address: NatsAddress): Promise<Cluster> {
    const servers = address.servers.join(", ");
    const connection = await reliably(() => open(address)).catch((error: unknown) => {
      const cause = error instanceof StoreUnavailable ? error.cause : error;
      throw unusable(`No NATS server of ${servers} lets this relay in: ${wordsOf(cause)}.`, cause);
    });
    try {
      const limit = connection.info?.max_payload ?? 0;
      if (limit < MIN_PAYLOAD) {
        throw unusable(`The NATS servers take messages of ${limit} bytes, which is too little.`);
      }
      const manager = await reliably(() => jetstreamManager(connection, { timeout: REQUEST_MS }));
      return new Cluster(connection, address, manager);
    } catch (error) {
      await connection.close();
      if (!(error instanceof StoreUnavailable)) throw error;
      throw unusable(`The NATS servers ${servers} have no JetStream that answers.`, error);
    }
  }

  /** A name of this fleet's: `<fleet>_<parts>`. */
  name(...parts: (string | number)[]): string {
    return [this.address.fleet, ...parts].join("_");
  }

  /** A subject of this fleet's: `<fleet>.<parts>`. */
  subject(...parts: (string | number)[]): string {
    return [this.address.fleet, ...parts].join(".");
  }

  /** Makes a replicated stream where there is none, and gives one that is there these settings. */
  async stream(name: string, settings: StreamSettings): Promise<void> {
    const wanted = {
      retention: RetentionPolicy.Limits,
      num_replicas: this.address.replicas,
      allow_direct: false,
      ...settings,
      name,
    };
    await reliably(async () => {
      const { streams } = this.manager;
      const there = await streams.info(name).catch((error: unknown) => {
        if ((error as Error).name === "StreamNotFoundError") return null;
        throw error;
      });
      if (!there) await streams.add(wanted);
      else if (there.config.max_age !== (wanted.max_age ?? 0)) await streams.update(name, wanted);
    });
  }

  /** @param ttlMs after its last change an entry is forgotten; 0 keeps it */
  bucket(name: string, ttlMs = 0): Promise<KV> {
    const kvm = new Kvm(this.js);
    const options = { replicas: this.address.replicas, history: 1, allow_direct: false };
    return reliably(() => kvm.create(name, { ...options, ...(ttlMs > 0 && { ttl: ttlMs }) }));
  }

  /** The first message of this subject from `sequence` on; null when there is none. */
  next(stream: string, subject: string, sequence: number): Promise<StoredMsg | null> {
    const query = { seq: sequence, next_by_subj: subject };
    return reliably(() => this.manager.streams.getMessage(stream, query));
  }

  /** The sizes in bytes of all messages of these subjects, oldest first; costs a consumer. */
  async *sizes(stream: string, filter: string): AsyncGenerator<number> {
    const consumer = await reliably(() =>
      this.js.consumers.get(stream, { filter_subjects: filter, headers_only: true }),
    );
    try {
      let left = 1;
      while (left > 0) {
        const batch = await consumer.fetch({ max_messages: 1000, expires: 1_000 });
        let got = 0;
        for await (const message of batch) {
          got++;
          left = message.info.pending;
          yield Number(message.headers?.get("Nats-Msg-Size") ?? 0);
          if (left === 0) break;
        }
        if (got === 0) break;
      }
    } finally {
      await consumer.delete().catch(() => false);
    }
  }

  /** The last message of this subject. */
  last(stream: string, subject: string): Promise<StoredMsg | null> {
    return reliably(() => this.manager.streams.getMessage(stream, { last_by_subj: subject }));
  }
}

/** Which of `count` parts an identity belongs to: the same one for ever. */
export function partitionOf(identity: string, count: number): number {
  return createHash("sha256").update(identity).digest().readUInt32BE(0) % count;
}

export const nanoseconds = nanos;

function open(address: NatsAddress): Promise<NatsConnection> {
  const { servers, creds, user, tls } = address;
  return connect({
    servers: [...servers],
    name: "tinyplace relay",
    // For ever: a relay without its cluster says so, and serves again when it is back.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: 10_000,
    timeout: REQUEST_MS,
    ...(creds && { authenticator: credsAuthenticator(creds) }),
    ...(user && { user: user.name, pass: user.password }),
    ...(tls && { tls }),
  });
}

function unusable(words: string, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    words,
    "Check --store, and the servers' configuration: docs/relay.md says what it needs.",
    { cause },
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
