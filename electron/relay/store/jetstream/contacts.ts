import type { ContactEdge } from "../store.ts";
import type { Records } from "./records.ts";

/**
 * One record for two agents is the truth; beside it each agent has a list of those it may have an
 * edge with, written first, so that no edge is missed. What the list names in vain is left out.
 */
export class Contacts {
  private readonly records: Records;

  constructor(records: Records) {
    this.records = records;
  }

  contact(a: string, b: string): Promise<ContactEdge | null> {
    return this.records.get(pairKey(a, b));
  }

  async contactsOf(agent: string): Promise<ContactEdge[]> {
    const others = (await this.records.get<string[]>(listKey(agent))) ?? [];
    const keys = others.map((other) => pairKey(agent, other)).sort();
    const edges = await Promise.all(keys.map((key) => this.records.get<ContactEdge>(key)));
    return edges.filter((edge) => edge !== null);
  }

  async change(
    a: string,
    b: string,
    rule: (current: ContactEdge | null) => ContactEdge | null,
  ): Promise<ContactEdge | null> {
    const key = pairKey(a, b);
    // Asked before anything is written: a refused change leaves no trace in the lists.
    const current = await this.records.get<ContactEdge>(key);
    const next = rule(current);
    if (next === current) return current;
    if (next) await Promise.all([this.list(a, b), this.list(b, a)]);
    return await this.records.change<ContactEdge>(key, rule);
  }

  private async list(agent: string, other: string): Promise<void> {
    await this.records.change<string[]>(listKey(agent), (others) =>
      others?.includes(other) ? others : [...(others ?? []), other],
    );
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `edge.${a}.${b}` : `edge.${b}.${a}`;
}

function listKey(agent: string): string {
  return `of.${agent}`;
}
