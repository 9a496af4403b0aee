import { createHash } from "node:crypto";
import { DiscardPolicy } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { MAX_ONE_TIME_KEYS } from "../store.ts";
import { type Cluster, nanoseconds, partitionOf } from "./cluster.ts";
import { isGone, reliably } from "./reliably.ts";
import { Turns } from "./turns.ts";

type Kind = "ec" | "kyber" | "sdk";
const KINDS: readonly Kind[] = ["ec", "kyber", "sdk"];

const DUPLICATE_WINDOW_MS = 2 * 60_000;
const OWNER = "Tp-Installation";

interface OneTimeKey {
  readonly id: number | string;
}

/**
 * Queues of one-time keys, one subject for each agent and kind. A key is served only after its
 * message was deleted by its own sequence, which the cluster does once: two who ask at the same time
 * get two keys, and one whose deletion nobody confirmed is lost (rule E2).
 */
export class OneTimeKeys {
  private readonly cluster: Cluster;
  private readonly partitions: number;
  private readonly turns = new Turns();

  private constructor(cluster: Cluster, partitions: number) {
    this.cluster = cluster;
    this.partitions = partitions;
  }

  static async open(cluster: Cluster, partitions: number): Promise<OneTimeKeys> {
    const settings = {
      // The oldest make room.
      max_msgs_per_subject: MAX_ONE_TIME_KEYS,
      discard: DiscardPolicy.Old,
      duplicate_window: nanoseconds(DUPLICATE_WINDOW_MS),
    };
    await Promise.all(
      Array.from({ length: partitions }, (_, part) =>
        cluster.stream(cluster.name("keys", part), {
          ...settings,
          subjects: [cluster.subject("keys", part, "*", "*")],
        }),
      ),
    );
    return new OneTimeKeys(cluster, partitions);
  }

  /** @param installation whose private halves they have; "" when that is not known */
  add(agent: string, kind: Kind, keys: readonly OneTimeKey[], installation: string): Promise<void> {
    const { stream, subject } = this.placeOf(agent, kind);
    return this.turns.take(subject, async () => {
      const fresh = new Map(keys.map((key) => [String(key.id), JSON.stringify(key)]));
      await this.replace(stream, subject, fresh);
      const own = headers();
      own.set(OWNER, installation);
      await Promise.all(
        [...fresh.values()].map((text) => {
          // The same key is not taken twice, however often its upload is repeated.
          const msgID = `${subject}.${installation}.${hashOf(text)}`;
          return reliably(() => this.cluster.js.publish(subject, text, { msgID, headers: own }));
        }),
      );
    });
  }

  /** The oldest of this installation's; null when there is none. */
  take<T>(agent: string, kind: Kind, installation: string): Promise<T | null> {
    const { stream, subject } = this.placeOf(agent, kind);
    return this.turns.take(subject, async () => {
      for (;;) {
        const message = await this.cluster.next(stream, subject, 1);
        if (!message) return null;
        const owner = message.header.get(OWNER);
        if ((await this.claim(stream, message.seq)) && owner === installation) {
          return message.json<T>();
        }
      }
    });
  }

  async count(agent: string, kind: Kind): Promise<number> {
    const { stream, subject } = this.placeOf(agent, kind);
    const query = { subjects_filter: subject };
    const info = await reliably(() => this.cluster.manager.streams.info(stream, query));
    return info.state.subjects?.[subject] ?? 0;
  }

  async drop(agent: string): Promise<void> {
    for (const kind of KINDS) {
      const { stream, subject } = this.placeOf(agent, kind);
      await reliably(() => this.cluster.manager.streams.purge(stream, { filter: subject }));
    }
  }

  /** Removes queued keys whose id comes again with another key; what is queued as it is, stays. */
  private async replace(
    stream: string,
    subject: string,
    fresh: Map<string, string>,
  ): Promise<void> {
    let sequence = 1;
    for (;;) {
      const message = await this.cluster.next(stream, subject, sequence);
      if (!message) return;
      const text = message.string();
      const id = String((JSON.parse(text) as OneTimeKey).id);
      if (fresh.get(id) === text) fresh.delete(id);
      else if (fresh.has(id)) await this.claim(stream, message.seq);
      sequence = message.seq + 1;
    }
  }

  /** True for the one who deleted it; false also when nobody said who did. */
  private claim(stream: string, sequence: number): Promise<boolean> {
    return reliably(() =>
      this.cluster.manager.streams.deleteMessage(stream, sequence).catch((error: unknown) => {
        if (isGone(error)) return false;
        throw error;
      }),
    );
  }

  private placeOf(agent: string, kind: Kind): { stream: string; subject: string } {
    const part = partitionOf(agent, this.partitions);
    return {
      stream: this.cluster.name("keys", part),
      subject: this.cluster.subject("keys", part, agent, kind),
    };
  }
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
