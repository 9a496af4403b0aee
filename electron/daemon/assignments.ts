import { existsSync, readFileSync, renameSync } from "node:fs";
import { z } from "zod";
import { isSessionScope, type Place, scopesOf } from "../../shared/model/assignment-scope.ts";
import { replaceFile } from "../platform/atomic-file.ts";

/** Sessions come and go without a word: of their assignments this many, the newest, are kept. */
const MAX_SESSIONS = 1_000;

const assignment = z.object({ agent: z.string(), at: z.number() });
const file = z.object({ version: z.literal(1), assignments: z.record(z.string(), assignment) });

/**
 * Which agent a session comes back as by itself (rule S5): by its own id, else by its project folder,
 * else everywhere. Kept in one file beside the vaults, since it says which of them to use. Agents are
 * cryptoIds, so that another name for a wallet changes nothing.
 */
export class Assignments {
  /** What was wrong with the file, for a person; the file itself was put aside. */
  readonly problem: string | null;
  private readonly path: string;
  private readonly all: Map<string, z.infer<typeof assignment>>;

  constructor(path: string) {
    this.path = path;
    const { entries, problem } = read(path);
    this.all = new Map(entries);
    this.problem = problem;
  }

  /** The agent of a place, the nearest scope first; null when nothing is assigned. */
  find(place: Place): { scope: string; agent: string } | null {
    for (const scope of scopesOf(place)) {
      const found = this.all.get(scope);
      if (found) return { scope, agent: found.agent };
    }
    return null;
  }

  /** @param at ms */
  set(scope: string, agent: string, at: number): void {
    const next = new Map(this.all);
    next.delete(scope);
    next.set(scope, { agent, at });
    const sessions = [...next].filter(([one]) => isSessionScope(one));
    sessions.sort(([, a], [, b]) => b.at - a.at);
    for (const [old] of sessions.slice(MAX_SESSIONS)) next.delete(old);
    this.keep(next);
  }

  /** The agent that was assigned there, if any. */
  clear(scope: string): string | null {
    const before = this.all.get(scope)?.agent ?? null;
    const next = new Map(this.all);
    if (next.delete(scope)) this.keep(next);
    return before;
  }

  /** Of an agent that is here no more. */
  forget(agent: string): void {
    const next = new Map([...this.all].filter(([, one]) => one.agent !== agent));
    if (next.size < this.all.size) this.keep(next);
  }

  /** [scope, agent], as they were made. */
  list(): (readonly [string, string])[] {
    return [...this.all].map(([scope, { agent }]) => [scope, agent] as const);
  }

  /** On disk first: what cannot be written is not claimed to be kept. */
  private keep(next: ReadonlyMap<string, z.infer<typeof assignment>>): void {
    const value = { version: 1, assignments: Object.fromEntries(next) };
    replaceFile(this.path, `${JSON.stringify(value, null, 2)}\n`);
    this.all.clear();
    for (const [scope, one] of next) this.all.set(scope, one);
  }
}

function read(path: string): {
  entries: [string, z.infer<typeof assignment>][];
  problem: string | null;
} {
  if (!existsSync(path)) return { entries: [], problem: null };
  try {
    const { assignments } = file.parse(JSON.parse(readFileSync(path, "utf8")));
    return { entries: Object.entries(assignments), problem: null };
  } catch {
    const aside = `${path}.damaged`;
    renameSync(path, aside);
    const problem = `The assignments could not be read, so sessions do not come back by themselves: assign them again. The old file is ${aside}.`;
    return { entries: [], problem };
  }
}
