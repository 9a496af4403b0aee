import { readFileSync } from "node:fs";
import { z } from "zod";
import { replaceFile } from "../platform/atomic-file.ts";

const kept = z.object({
  /** The person's own agents here are contacts of each other from their creation (rule C1). */
  ownContacts: z.boolean().catch(true),
  /** The relay of all agents here; null is the embedded one. */
  relay: z.string().nullable().catch(null),
  /** Keys of the network's own cipher are published beside libsignal's (rule E3). */
  publishesForAll: z.boolean().catch(true),
});
type Kept = z.infer<typeof kept>;

/** What a person set for the whole data folder; lost or damaged, it is as at the first start. */
export class HostSettings {
  private readonly path: string;
  private values: Kept;

  /** @param path a JSON file in the data folder */
  constructor(path: string) {
    this.path = path;
    this.values = read(path);
  }

  get ownContacts(): boolean {
    return this.values.ownContacts;
  }

  get relay(): string | null {
    return this.values.relay;
  }

  get publishesForAll(): boolean {
    return this.values.publishesForAll;
  }

  /** On disk first. */
  change(part: Partial<Kept>): void {
    const values = { ...this.values, ...part };
    replaceFile(this.path, JSON.stringify(values));
    this.values = values;
  }
}

function read(path: string): Kept {
  try {
    return kept.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return kept.parse({});
  }
}
