import { createHash, randomUUID } from "node:crypto";
import type { Subscription } from "@nats-io/transport-node";
import { type Ring, ring as ringShape } from "../../wire.ts";
import type { Fleet } from "../store.ts";
import type { Cluster } from "./cluster.ts";
import type { Records } from "./records.ts";

/** Doorbells over core NATS, and nonces that every relay of the fleet knows. */
export class JetStreamFleet implements Fleet {
  private readonly cluster: Cluster;
  private readonly nonces: (agent: string) => Records;
  private readonly followed = new Map<string, (ring: Ring | null) => void>();

  constructor(cluster: Cluster, nonces: (agent: string) => Records) {
    this.cluster = cluster;
    this.nonces = nonces;
    void this.ringAfterReconnect();
  }

  takeNonce(agent: string, nonce: string): Promise<boolean> {
    const hash = createHash("sha256").update(nonce).digest("base64url");
    // The value tells this request's own record, when nobody confirmed it, from another's.
    return this.nonces(agent).create(`${agent}.${hash}`, randomUUID());
  }

  ring(agent: string, ring: Ring): void {
    this.cluster.connection.publish(this.subjectOf(agent), JSON.stringify(ring));
  }

  follow(agent: string, rung: (ring: Ring | null) => void): () => void {
    const subject = this.subjectOf(agent);
    const subscription: Subscription = this.cluster.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) rung(readRing(message.string()));
      },
    });
    this.followed.set(agent, rung);
    return () => {
      this.followed.delete(agent);
      subscription.unsubscribe();
    };
  }

  private subjectOf(agent: string): string {
    return this.cluster.subject("ring", agent);
  }

  /** What rang while the connection was away was not heard. Ends when the connection is closed. */
  private async ringAfterReconnect(): Promise<void> {
    for await (const status of this.cluster.connection.status()) {
      if (status.type === "reconnect") for (const rung of this.followed.values()) rung(null);
    }
  }
}

/** Null for the word of a relay of another version: it may have rung for anything. */
function readRing(text: string): Ring | null {
  try {
    return ringShape.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
