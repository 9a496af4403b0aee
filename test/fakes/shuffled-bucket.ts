import { setImmediate as turn } from "node:timers/promises";
import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { Random } from "../crash/harness/random.ts";

/**
 * A key-value bucket that several relays ask at once: requests are carried out one by one, in an order
 * of the seed's choosing.
 */
export class ShuffledBucket {
  private readonly random: Random;
  private readonly entries = new Map<string, { text: string | null; revision: number }>();
  private readonly waiting: (() => void)[] = [];
  private revision = 0;

  constructor(random: Random) {
    this.random = random;
  }

  /** What the parts of a relay's store work with. */
  get kv(): KV {
    const { get, put, delete: remove } = this;
    return { get: get.bind(this), put: put.bind(this), delete: remove.bind(this) } as unknown as KV;
  }

  /** What is kept, without a request. */
  kept(key: string): unknown {
    return JSON.parse(this.entries.get(key)?.text ?? "null");
  }

  /** Carries requests out until these are done. */
  async until(done: Promise<unknown>): Promise<void> {
    let over = false;
    const end = () => {
      over = true;
    };
    done.then(end, end);
    while (!over) {
      // Whoever was answered asks on.
      await turn();
      const [next] = this.waiting.splice(this.random.between(0, this.waiting.length - 1), 1);
      next?.();
    }
    await done;
  }

  private async get(key: string) {
    await this.ownTurn();
    const entry = this.entries.get(key);
    if (!entry) return null;
    const { text, revision } = entry;
    return { operation: text === null ? "DEL" : "PUT", revision, json: () => this.kept(key) };
  }

  private put(key: string, text: string, { previousSeq = -1 } = {}): Promise<void> {
    return this.write(key, text, previousSeq);
  }

  private delete(key: string, { previousSeq = -1 } = {}): Promise<void> {
    return this.write(key, null, previousSeq);
  }

  private async write(key: string, text: string | null, previous: number): Promise<void> {
    await this.ownTurn();
    const { revision } = this.entries.get(key) ?? { revision: 0 };
    if (previous >= 0 && previous !== revision) throw conflict();
    this.entries.set(key, { text, revision: ++this.revision });
  }

  private ownTurn(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

function conflict(): JetStreamApiError {
  return new JetStreamApiError({
    code: 400,
    err_code: JetStreamApiCodes.StreamWrongLastSequence,
    description: "wrong last sequence",
  });
}
