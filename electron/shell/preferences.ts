import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Told, told } from "../../shared/channels/settings-calls.ts";
import { place } from "../../shared/model/place.ts";
import { setup } from "../../shared/model/setup.ts";
import { replaceFile } from "../platform/atomic-file.ts";

const kept = z.object({
  /** What the main window showed. */
  place: place.nullable().catch(null),
  setup: setup.nullable().catch(null),
  notifications: z.boolean().catch(true),
  /** Newer versions are looked for. */
  updates: z.boolean().catch(false),
  /** What is told of an agent, by cryptoId. */
  told: z.record(z.string(), told).catch({}),
  /** Where the main window was, in screen points. */
  bounds: z
    .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
    .nullable()
    .catch(null),
});
type Kept = z.infer<typeof kept>;

/** What this desktop remembers for its person; lost or damaged, it is as at the first start. */
export class Preferences {
  private readonly path: string;
  private values: Kept;

  /** @param path a JSON file in the data folder */
  constructor(path: string) {
    this.path = path;
    this.values = read(path);
  }

  get notifications(): boolean {
    return this.values.notifications;
  }

  get updates(): boolean {
    return this.values.updates;
  }

  get told(): Readonly<Record<string, Told>> {
    return this.values.told;
  }

  get bounds(): Kept["bounds"] {
    return this.values.bounds;
  }

  /** Where the window was, and how far the first steps are. */
  get remembered(): Pick<Kept, "place" | "setup"> {
    const { place, setup } = this.values;
    return { place, setup };
  }

  change(part: Partial<Kept>): void {
    const values = { ...this.values, ...part };
    if (JSON.stringify(values) === JSON.stringify(this.values)) return;
    this.values = values;
    replaceFile(this.path, JSON.stringify(values));
  }
}

function read(path: string): Kept {
  try {
    return kept.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return kept.parse({});
  }
}
