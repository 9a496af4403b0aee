import type { ContactEdge, RoomRule } from "../store.ts";
import type { Records } from "./records.ts";

/**
 * One record for two agents is the truth; beside it each agent has a list of those it may have an
 * edge with, written before the record, so that no edge is missed, and brought in line with it
 * afterwards, so that nothing is left of what was taken back. What it names in vain is left out.
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
    requireRoom?: RoomRule,
  ): Promise<ContactEdge | null> {
    const key = pairKey(a, b);
    // Asked before anything is written: a refused change leaves no trace in the lists.
    const current = await this.records.get<ContactEdge>(key);
    const next = rule(current);
    if (!current && next && requireRoom) {
      requireRoom(next, await this.contactsOf(a), await this.contactsOf(b));
    }
    if (next === current) return current;
    if (next) await this.list(a, b, true);
    const edge = await this.records.change<ContactEdge>(key, rule);
    await this.settle(a, b, edge !== null);
    return edge;
  }

  /**
   * Brings the lists in line with the edge. Another relay may change it at this very time: each looks at
   * the edge once more after it wrote the lists, so the last of them leaves them as the edge is.
   */
  private async settle(a: string, b: string, stands: boolean): Promise<void> {
    for (let listed = stands; ; listed = !listed) {
      await this.list(a, b, listed);
      if (((await this.contact(a, b)) !== null) === listed) return;
    }
  }

  /** Names each of the two in the other's list, or neither. */
  private async list(a: string, b: string, listed: boolean): Promise<void> {
    await Promise.all([this.listOne(a, b, listed), this.listOne(b, a, listed)]);
  }

  private async listOne(agent: string, other: string, listed: boolean): Promise<void> {
    await this.records.change<string[]>(listKey(agent), (before) => {
      const others = before ?? [];
      if (others.includes(other) === listed) return before;
      const next = listed ? [...others, other] : others.filter((one) => one !== other);
      return next.length > 0 ? next : null;
    });
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `edge.${a}.${b}` : `edge.${b}.${a}`;
}

function listKey(agent: string): string {
  return `of.${agent}`;
}
