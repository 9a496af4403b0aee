import type { AgentCard } from "../../wire.ts";
import type { ClaimOutcome, HandleRow } from "../store.ts";
import type { Records } from "./records.ts";
import { Turns } from "./turns.ts";

/** Names and cards. A name's own record says whose it is; each agent has a list of those it claimed. */
export class Directory {
  private readonly records: Records;
  private readonly handleLimit: number;
  private readonly turns = new Turns();

  constructor(records: Records, handleLimit: number) {
    this.records = records;
    this.handleLimit = handleLimit;
  }

  /** The list first: a claim that breaks off in the middle leaves a place taken, never a lost name. */
  claim(handle: string, agent: string, now: number): Promise<ClaimOutcome> {
    return this.turns.take(agent, async () => {
      const current = await this.handle(handle);
      if (current) return current.agent === agent ? current : "taken";
      const own = await this.handlesOf(agent);
      if (own.length >= this.handleLimit) return "limit";
      const row = { handle, agent, claimedAt: now };
      const names = [...own.map((one) => one.handle), handle];
      // What another relay listed meanwhile stays; what the list names in vain goes.
      const known = (await this.records.get<string[]>(listKey(agent))) ?? [];
      let full = false;
      await this.records.change<string[]>(listKey(agent), (listed) => {
        const news = (listed ?? []).filter((name) => !known.includes(name));
        const next = [...new Set([...names, ...news])];
        full = next.length > this.handleLimit;
        return full ? listed : next;
      });
      if (full) return "limit";
      return (await this.records.create(nameKey(handle), row)) ? row : "taken";
    });
  }

  release(handle: string, agent: string): Promise<boolean> {
    return this.turns.take(agent, async () => {
      let owned = false;
      await this.records.change<HandleRow>(nameKey(handle), (row) => {
        owned ||= row?.agent === agent;
        return row?.agent === agent ? null : row;
      });
      if (!owned) return false;
      await this.records.change<string[]>(
        listKey(agent),
        (listed) => listed?.filter((name) => name !== handle) ?? null,
      );
      return true;
    });
  }

  handle(handle: string): Promise<HandleRow | null> {
    return this.records.get(nameKey(handle));
  }

  async handlesOf(agent: string): Promise<HandleRow[]> {
    const names = (await this.records.get<string[]>(listKey(agent))) ?? [];
    const rows = await Promise.all(names.map((name) => this.handle(name)));
    return rows
      .filter((row) => row?.agent === agent)
      .map((row) => row as HandleRow)
      .sort((a, b) => a.claimedAt - b.claimedAt || (a.handle < b.handle ? -1 : 1));
  }

  putCard(agent: string, card: AgentCard | null): Promise<void> {
    return card ? this.records.put(cardKey(agent), card) : this.records.delete(cardKey(agent));
  }

  card(agent: string): Promise<AgentCard | null> {
    return this.records.get(cardKey(agent));
  }

  async cards(page: { limit: number; offset: number }): Promise<AgentCard[]> {
    const keys = (await this.records.keys("card")).slice(page.offset, page.offset + page.limit);
    const cards = await Promise.all(keys.map((key) => this.records.get<AgentCard>(key)));
    return cards.filter((card) => card !== null);
  }
}

/** Handles hold characters that mean something in a key. */
function nameKey(handle: string): string {
  return `handle.${Buffer.from(handle, "utf8").toString("base64url")}`;
}

function listKey(agent: string): string {
  return `handles.${agent}`;
}

function cardKey(agent: string): string {
  return `card.${agent}`;
}
