import type { KV } from "@nats-io/kv";
import { isConflict, reliably } from "./reliably.ts";
import { Turns } from "./turns.ts";

interface Kept<T> {
  /** Null: nothing, or nothing any more. */
  readonly value: T | null;
  /** 0: the key was never written. */
  readonly revision: number;
}

/** JSON records of one key-value bucket, changed by compare-and-set. */
export class Records {
  private readonly kv: KV;
  private readonly turns = new Turns();

  constructor(kv: KV) {
    this.kv = kv;
  }

  async get<T>(key: string): Promise<T | null> {
    return (await this.read<T>(key)).value;
  }

  async put(key: string, value: unknown): Promise<void> {
    await reliably(() => this.kv.put(key, JSON.stringify(value)));
  }

  async delete(key: string): Promise<void> {
    await reliably(() => this.kv.delete(key));
  }

  /** Writes only where nothing is; false where something is, unless it is this very value. */
  async create(key: string, value: unknown): Promise<boolean> {
    const text = JSON.stringify(value);
    return await reliably(async () => {
      try {
        await this.kv.create(key, text);
        return true;
      } catch (error) {
        if (!isConflict(error)) throw error;
        return JSON.stringify(await this.get(key)) === text;
      }
    });
  }

  /**
   * Replaces a value by what `rule` makes of it, null meaning nothing, with no other change between.
   * `rule` may run more than once: also on what it made itself, when nobody said that it was kept.
   */
  change<T>(key: string, rule: (current: T | null) => T | null): Promise<T | null> {
    return this.turns.take(key, async () => {
      for (;;) {
        const { value, revision } = await this.read<T>(key);
        const next = rule(value);
        if (next === value) return next;
        try {
          await this.write(key, next, revision);
          return next;
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
      }
    });
  }

  /** All keys below a prefix, in text order. */
  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of await this.kv.keys(`${prefix}.>`)) keys.push(key);
    return keys.sort();
  }

  private async read<T>(key: string): Promise<Kept<T>> {
    const entry = await reliably(() => this.kv.get(key));
    if (!entry) return { value: null, revision: 0 };
    const value = entry.operation === "PUT" ? entry.json<T>() : null;
    return { value, revision: entry.revision };
  }

  private async write(key: string, value: unknown, previousSeq: number): Promise<void> {
    await reliably(async () => {
      if (value !== null) await this.kv.put(key, JSON.stringify(value), { previousSeq });
      else await this.kv.delete(key, { previousSeq });
    });
  }
}
