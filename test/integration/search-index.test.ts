import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MailSearch } from "../../electron/daemon/mail-search.ts";
import { insertDelivery, insertMessage } from "../../electron/vault/mail-table.ts";
import type { Vault as OpenVault } from "../../electron/vault/vault.ts";
import { numbered } from "../support/filled-vault.ts";
import { BINDINGS, runOn } from "../support/sqlite-bindings.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** The search of a vault with more mail than is looked through first; over both SQLite bindings. */
const COUNT = 5_200;
const NEWEST = { before: Number.MAX_SAFE_INTEGER, limit: 20 };
const AGENT = { name: "me", seed: new Uint8Array(32).fill(3), registrationId: 5, createdAt: 1 };

afterAll(() => runOn("better-sqlite3"));

/** Common and rare words, some that only old mail has, and many that begin alike. */
function textOf(number: number): string {
  const words = [number % 2 === 0 ? "planner" : "reviewer", `topic${number % 100}`];
  if (number % 7 === 0) words.push("deploy");
  if (number % 11 === 0) words.push("deployment");
  if (number < 300) words.push("Zürich", `early${number}`);
  if (number === 40) words.push("zebra");
  return words.join(" ");
}

/** What every search must find: messages with all of the words, the last one as a beginning. */
function expected(query: string, before: number): number[] {
  const wanted = query.toLowerCase().replaceAll("ü", "u").split(" ");
  const last = wanted.pop() as string;
  const found: number[] = [];
  for (let number = Math.min(COUNT, before - 1); number > 0; number--) {
    const words = textOf(number).toLowerCase().replaceAll("ü", "u").split(" ");
    const all = wanted.every((word) => words.includes(word));
    if (all && words.some((word) => word.startsWith(last))) found.push(number);
  }
  return found;
}

describe.each(BINDINGS)("a search in much mail, over %s", (binding) => {
  let vault: OpenVault;
  let mail: MailSearch;

  const add = (from: number, to: number) =>
    vault.write(() => {
      for (let number = from; number <= to; number++) {
        const seq = insertMessage(vault, { ...numbered(number), text: textOf(number) });
        if (number % 3 === 0) insertDelivery(vault, { message: seq as number, label: "a", at: 1 });
      }
    });
  const indexed = () =>
    vault.sql("SELECT value FROM setting WHERE name = 'search_indexed'").get<{ value: string }>();

  beforeAll(async () => {
    runOn(binding);
    const { Vault } = await import("../../electron/vault/vault.ts");
    const folder = join(temporaryHome(), "agent");
    mkdirSync(folder);
    vault = Vault.create(folder, new Uint8Array(32).fill(7), { ...AGENT, epoch: 1 });
    mail = new MailSearch(vault);
    await add(1, 900);
    return () => vault.close();
  });

  test("while all mail is new, nothing is written to find it", async () => {
    expect((await mail.search("zebra", NEWEST)).map((row) => row.seq)).toEqual([40]);
    expect(await mail.search("nothing", NEWEST)).toEqual([]);
    expect(indexed()).toBeUndefined();
  });

  test("U2 each page is what stands in the mail, newest first, whether its words are old or new", async () => {
    await add(901, COUNT);
    const first = await mail.search("planner", NEWEST);
    expect(first.map((row) => row.seq)).toEqual(expected("planner", COUNT + 1).slice(0, 20));
    // The newest mail filled the page: the rest need not be indexed for it.
    expect(indexed()).toBeUndefined();

    const queries = ["planner", "p", "deploy", "planner deploy", "deployment", "zebra", "earl"];
    for (const query of [...queries, "Zürich", "ZÜR", "zur", "topic7", "reviewer e", "nobody"]) {
      const pages: number[] = [];
      for (let before = COUNT + 1; ; ) {
        const page = await mail.search(query, { before, limit: 20 });
        expect(page.length).toBeLessThanOrEqual(20);
        pages.push(...page.map((row) => row.seq));
        if (page.length < 20) break;
        before = page.at(-1)?.seq as number;
      }
      expect(pages, query).toEqual(expected(query, COUNT + 1));
    }
    expect(indexed()).toEqual({ value: String(COUNT) });

    const inLabel = await mail.find({ query: "deploy", label: "a" }, { ...NEWEST, limit: 1000 });
    expect(inLabel.map((row) => row.seq)).toEqual(
      expected("deploy", COUNT + 1).filter((number) => number % 3 === 0),
    );
  });

  test("mail that comes after a search is found by the next one", async () => {
    for (let first = COUNT + 1; first <= COUNT + 2_500; first += 500) {
      await vault.write(() => {
        for (let number = first; number < first + 500; number++) {
          insertMessage(vault, { ...numbered(number), text: `later number${number}` });
        }
      });
      const [newest] = await mail.search("later", NEWEST);
      expect(newest?.seq).toBe(first + 499);
    }
    const [one] = await mail.search(`number${COUNT + 3}`, NEWEST);
    expect(one?.seq).toBe(COUNT + 3);
    expect((await mail.search("zebra", NEWEST)).map((row) => row.seq)).toEqual([40]);
  });
});
