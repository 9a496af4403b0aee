import { setImmediate as nextTurn } from "node:timers/promises";
import type { MessageRow } from "../vault/mail-table.ts";
import { indexSome, isIndexed, RecentMail, type SearchIndex } from "../vault/search-index.ts";
import {
  type FoundRow,
  findMail,
  type MailFilter,
  type Page,
  searchMail,
} from "../vault/search-table.ts";
import type { Vault } from "../vault/vault.ts";

/**
 * Searches one agent's mail, newest first. The newest messages are looked through first; only where
 * they do not fill the page is the whole index asked, and brought up to date before.
 */
export class MailSearch {
  private readonly vault: Vault;
  private recent: RecentMail | null = null;

  constructor(vault: Vault) {
    this.vault = vault;
  }

  /** As a session searches: messages in which all words of the query stand. */
  search(query: string, page: Page): Promise<MessageRow[]> {
    return this.paged(page, (index, part) => searchMail(this.vault, index, query, part));
  }

  /** As a person searches: all mail, by more than its words. */
  async find(filter: MailFilter, page: Page): Promise<FoundRow[]> {
    const look = (index: SearchIndex, part: Page) => findMail(this.vault, index, filter, part);
    return filter.query.trim() === "" ? look("message_text", page) : this.paged(page, look);
  }

  private async paged<Row>(
    { before, limit }: Page,
    look: (index: SearchIndex, page: Page) => Row[],
  ): Promise<Row[]> {
    this.recent ??= new RecentMail(this.vault);
    const { recent } = this;
    while (recent.takeSome()) await nextTurn();
    const newest = look("recent_text", { before, limit });
    if (newest.length === limit || recent.below === 0) return newest;
    const rest = { before: Math.min(before, recent.below + 1), limit: limit - newest.length };
    // In parts: mail goes on while a large vault is indexed for the first time.
    while (!isIndexed(this.vault)) await this.vault.write(() => indexSome(this.vault));
    return [...newest, ...look("message_text", rest)];
  }
}
