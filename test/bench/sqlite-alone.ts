import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeDurable, openSqlite } from "../../electron/vault/sqlite.ts";
import { quantile } from "./numbers.ts";

/** What one message writes on its way, by transaction: sender, relay, receiver. */
const TRANSACTIONS: readonly (readonly { table: string; bytes: number }[])[] = [
  // The send call: message, job, the state of what was sent.
  [
    { table: "message", bytes: 1000 },
    { table: "job", bytes: 120 },
    { table: "outgoing", bytes: 120 },
  ],
  // Ciphertext with its ratchet step.
  [
    { table: "ciphertext", bytes: 1700 },
    { table: "session", bytes: 5000 },
  ],
  [{ table: "envelope", bytes: 1700 }],
  [{ table: "outgoing", bytes: 120 }],
  // Received: ratchet step, message, delivery, what was seen, a receipt.
  [
    { table: "session", bytes: 5000 },
    { table: "message", bytes: 1000 },
    { table: "delivery", bytes: 60 },
    { table: "seen", bytes: 80 },
    { table: "receipt", bytes: 80 },
  ],
  // Acknowledged at the relay.
  [{ table: "gone", bytes: 80 }],
  // Handed out, and read.
  [{ table: "delivery", bytes: 60 }],
  [
    { table: "delivery", bytes: 60 },
    { table: "receipt", bytes: 80 },
  ],
];
const TABLES = [...new Set(TRANSACTIONS.flat().map((row) => row.table))];
const GROUP = 32;

/**
 * SQLite with the rows of a message and nothing else: no encryption, no JSON, one file, one process.
 * A commit at synchronous=FULL is on disk. Messages a second, each transaction alone and in groups.
 */
export function sqliteAlone(count: number) {
  const folder = mkdtempSync(join(tmpdir(), "tp-bench-"));
  try {
    return {
      sqlite_single_per_s: Math.round(rate(join(folder, "single.db"), count / 10, 1).perSecond),
      sqlite_grouped_per_s: Math.round(rate(join(folder, "grouped.db"), count, GROUP).perSecond),
      sqlite_commits_of_one_message_ms: rate(join(folder, "one.db"), count / 10, 1).medianMs,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function rate(path: string, count: number, group: number) {
  const db = openSqlite(path);
  makeDurable(db);
  const insert = new Map(
    TABLES.map((table) => {
      db.exec(`CREATE TABLE "${table}" (id INTEGER PRIMARY KEY, data BLOB)`);
      const sql = `INSERT OR REPLACE INTO "${table}" (id, data) VALUES (?, ?)`;
      return [table, db.prepare(sql)];
    }),
  );
  const data = Buffer.alloc(5000, 120);
  const [begin, commit] = [db.prepare("BEGIN IMMEDIATE"), db.prepare("COMMIT")];
  const times: number[] = [];
  const start = performance.now();
  for (let done = 0; done < count; done += group) {
    const began = performance.now();
    for (const rows of TRANSACTIONS) {
      begin.run();
      for (let i = done; i < done + group; i++) {
        for (const { table, bytes } of rows) {
          // A session is one row that changes; everything else is added.
          const id = table === "session" ? 1 : i + 1;
          insert.get(table)?.run([id, data.subarray(0, bytes)]);
        }
      }
      commit.run();
    }
    times.push(performance.now() - began);
  }
  const perSecond = count / ((performance.now() - start) / 1000);
  db.close();
  return { perSecond, medianMs: quantile(times, 0.5) };
}
