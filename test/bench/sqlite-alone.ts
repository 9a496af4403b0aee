import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepEnvelope } from "../../electron/daemon/kept-envelope.ts";
import { freshMessageId } from "../../electron/platform/fresh-message-id.ts";
import { putEnvelope, removeEnvelope } from "../../electron/relay/store/sqlite/envelope-table.ts";
import { migrate as migrateRelay } from "../../electron/relay/store/sqlite/schema.ts";
import { ShareCounts } from "../../electron/relay/store/sqlite/share-counts.ts";
import { Sql } from "../../electron/relay/store/sqlite/sql.ts";
import { DEFAULT_LIMITS } from "../../electron/relay/store/store.ts";
import type { RelayEnvelope } from "../../electron/relay/transport.ts";
import { noteActivity } from "../../electron/vault/activity-table.ts";
import { rememberEnvelope } from "../../electron/vault/envelope-table.ts";
import {
  insertControlJob,
  insertMailJob,
  jobEncrypted,
  removeSentJob,
} from "../../electron/vault/job-table.ts";
import {
  insertDelivery,
  insertMessage,
  markOffered,
  markRead,
} from "../../electron/vault/mail-table.ts";
import {
  insertOutgoing,
  markEncrypted,
  markReceipt,
  markRelayed,
} from "../../electron/vault/outgoing-table.ts";
import { writeSession } from "../../electron/vault/ratchet-table.ts";
import { oweReceipt, takeReceipts } from "../../electron/vault/receipt-table.ts";
import { migrate } from "../../electron/vault/schema.ts";
import {
  type Database,
  makeDurable,
  openSqlite,
  type Statement,
} from "../../electron/vault/sqlite.ts";
import type { VaultReader } from "../../electron/vault/vault.ts";
import { quantile } from "./numbers.ts";

/** As many as the load that the product is measured under has in flight. */
const GROUP = 32;
/** Receipts gather for 300 ms: over so many messages, at 1,000 a second. */
const RECEIPTS = 10 * GROUP;
const SENDER = "S".repeat(44);
const RECEIVER = "R".repeat(44);
const LABEL = "bench";
const TEXT = "x".repeat(900);
/** A message of such a text when it is sealed, and a session's record. */
const CIPHERTEXT = Buffer.alloc(1300, 120).toString("base64");
const SESSION = Buffer.alloc(5000, 120);

/**
 * SQLite with the transactions of a message and nothing else: the product's own tables and statements,
 * in the three files in which they stand, each committed at synchronous=FULL. Without encryption,
 * libsignal and HTTP, and with no event loop between. Messages a second, one by one and as
 * they are grouped under load; grouped ones with their receipts, which gather. Those once more with
 * the two agents' files encrypted, as vaults are: what their pages' cipher and hash take.
 */
export function sqliteAlone(count: number) {
  const single = rate(count / 10, 1);
  return {
    sqlite_single_per_s: Math.round(single.perSecond),
    sqlite_grouped_per_s: Math.round(rate(count, GROUP).perSecond),
    sqlite_grouped_encrypted_per_s: Math.round(rate(count, GROUP, randomBytes(32)).perSecond),
    sqlite_commits_of_one_message_ms: single.medianMs,
  };
}

/** @param key of the vaults, 32 bytes; without one they are not encrypted */
function rate(count: number, group: number, key?: Uint8Array) {
  const folder = mkdtempSync(join(tmpdir(), "tp-bench-"));
  const way = new Way(folder, key);
  try {
    const times: number[] = [];
    const start = performance.now();
    for (let done = 0; done < count; done += group) {
      const began = performance.now();
      way.pass(group);
      times.push(performance.now() - began);
      if (group > 1 && (done + group) % RECEIPTS < group) way.receipts();
    }
    const perSecond = count / ((performance.now() - start) / 1000);
    return { perSecond, medianMs: quantile(times, 0.5) };
  } finally {
    way.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A database of the product. */
class File implements VaultReader {
  readonly db: Database;
  private readonly statements = new Map<string, Statement>();

  constructor(path: string, migrateIt: (db: Database) => void, key?: Uint8Array) {
    this.db = openSqlite(path, key ? { key } : {});
    makeDurable(this.db);
    migrateIt(this.db);
  }

  sql(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }

  commit(change: () => void): void {
    this.sql("BEGIN IMMEDIATE").run();
    change();
    this.sql("COMMIT").run();
  }
}

interface OnItsWay {
  readonly id: string;
  readonly seq: number;
  readonly envelope: RelayEnvelope;
}

/**
 * The commits of a message between two agents, in their order: seven where a call waits for it, which
 * is handed it by the transaction that brings it; eight where it is fetched.
 */
class Way {
  private readonly sender: File;
  private readonly relay: File;
  private readonly receiver: File;
  private readonly mailbox: Sql;
  private readonly shares: ShareCounts;
  private envelopes = 0;
  private delivered = 0;

  constructor(folder: string, key?: Uint8Array) {
    this.sender = new File(join(folder, "sender.db"), migrate, key);
    this.relay = new File(join(folder, "relay.db"), migrateRelay);
    this.receiver = new File(join(folder, "receiver.db"), migrate, key);
    this.mailbox = new Sql(this.relay.db);
    this.shares = new ShareCounts(this.mailbox);
  }

  /** @param count messages that share each commit; a call waits for one that comes alone */
  pass(count: number): void {
    const at = Date.now();
    const sent: OnItsWay[] = [];
    this.sender.commit(() => {
      for (let i = 0; i < count; i++) sent.push(this.send(at));
    });
    this.carry(this.sender, sent, at);
    this.receiver.commit(() => {
      writeSession(this.receiver, SENDER, SESSION, at);
      for (const one of sent) this.receive(one, at);
      if (count === 1) markOffered(this.receiver, this.delivered, at);
    });
    this.acknowledge(sent, at);
    const first = this.delivered - count + 1;
    const deliveries = Array.from({ length: count }, (_, i) => first + i);
    if (count > 1) {
      this.receiver.commit(() => {
        for (const delivery of deliveries) markOffered(this.receiver, delivery, at);
      });
    }
    this.receiver.commit(() => {
      for (const delivery of deliveries) {
        const told = markRead(this.receiver, delivery, LABEL, at);
        if (told) this.owe(told.id, "read", at);
      }
    });
  }

  /** What is owed goes back in one message, and is noted. */
  receipts(): void {
    const at = Date.now();
    let owed: ReturnType<typeof takeReceipts> = [];
    let job = 0;
    this.receiver.commit(() => {
      owed = takeReceipts(this.receiver, SENDER, 2 * RECEIPTS);
      const control = JSON.stringify(owed);
      insertControlJob(this.receiver, { recipient: SENDER, control, freshSession: false, at });
      job = lastRow(this.receiver);
    });
    const envelope = this.envelope(Buffer.alloc(owed.length * 100).toString("base64"));
    this.receiver.commit(() => {
      writeSession(this.receiver, SENDER, SESSION, at);
      jobEncrypted(this.receiver, job, keepEnvelope(envelope));
    });
    this.put([envelope], at);
    this.receiver.commit(() => removeSentJob(this.receiver, job));
    this.sender.commit(() => {
      writeSession(this.sender, RECEIVER, SESSION, at);
      for (const { id, rung } of owed) {
        const row = this.sender
          .sql("SELECT seq FROM message WHERE id = ? AND direction <> 'in'")
          .get<{ seq: number }>([id]);
        if (row) markReceipt(this.sender, row.seq, rung, at, LABEL);
      }
    });
    this.relay.commit(() => removeEnvelope(this.mailbox, RECEIVER, envelope.id, at));
  }

  close(): void {
    for (const file of [this.sender, this.relay, this.receiver]) file.db.close();
  }

  private send(at: number): OnItsWay {
    const id = freshMessageId();
    const seq = insertMessage(this.sender, {
      ...{ id, direction: "out", peer: RECEIVER, fromSession: LABEL, toSession: LABEL },
      ...{ inReplyTo: null, role: "agent", text: TEXT, auto: false, at, asker: LABEL },
      ...{ sentAt: new Date(at).toISOString(), late: false, suite: null },
    });
    if (seq === null) throw new Error("an id came twice");
    insertOutgoing(this.sender, seq, RECEIVER);
    noteActivity(this.sender, { at, kind: "sent", peer: RECEIVER, label: LABEL, message: id });
    insertMailJob(this.sender, { recipient: RECEIVER, message: seq, at });
    return { id, seq, envelope: this.envelope(CIPHERTEXT) };
  }

  /** Sealed, taken by the relay, noted as relayed. */
  private carry(from: File, sent: readonly OnItsWay[], at: number): void {
    const job = "SELECT seq FROM job WHERE message = ?";
    const jobs = sent.map((one) => from.sql(job).get<{ seq: number }>([one.seq])?.seq ?? 0);
    from.commit(() => {
      writeSession(from, RECEIVER, SESSION, at);
      for (const [index, { seq, envelope }] of sent.entries()) {
        jobEncrypted(from, jobs[index] as number, keepEnvelope(envelope));
        markEncrypted(from, seq, envelope.id, "libsignal");
      }
    });
    this.put(
      sent.map((one) => one.envelope),
      at,
    );
    from.commit(() => {
      for (const [index, { seq }] of sent.entries()) {
        removeSentJob(from, jobs[index] as number);
        markRelayed(from, seq, at);
      }
    });
  }

  private put(envelopes: readonly RelayEnvelope[], at: number): void {
    const bounds = { limit: DEFAULT_LIMITS.mailboxLimit, size: DEFAULT_LIMITS.mailboxSize };
    this.relay.commit(() => {
      for (const envelope of envelopes) {
        const delivery = { mailbox: RECEIVER, sender: SENDER, envelope };
        putEnvelope(this.mailbox, this.shares, delivery, { bounds, now: at, mustWait: false });
      }
    });
  }

  private receive({ id, envelope }: OnItsWay, at: number): void {
    const bodyHash = Buffer.alloc(16, envelope.id);
    rememberEnvelope(this.receiver, { sender: SENDER, id: envelope.id, bodyHash, at });
    const seq = insertMessage(this.receiver, {
      ...{ id, direction: "in", peer: SENDER, fromSession: LABEL, toSession: LABEL },
      ...{ inReplyTo: null, role: "agent", text: TEXT, auto: false, at, asker: null },
      ...{ sentAt: new Date(at).toISOString(), late: false, suite: "libsignal" },
    });
    if (seq === null) throw new Error("a message came twice");
    insertDelivery(this.receiver, { message: seq, label: LABEL, at });
    this.delivered = lastRow(this.receiver);
    noteActivity(this.receiver, { at, kind: "delivered", peer: SENDER, label: LABEL, message: id });
    this.owe(id, "inbox", at);
  }

  private owe(messageId: string, rung: "inbox" | "read", at: number): void {
    oweReceipt(this.receiver, { peer: SENDER, messageId, rung, at, label: LABEL });
  }

  private acknowledge(sent: readonly OnItsWay[], at: number): void {
    this.relay.commit(() => {
      for (const { envelope } of sent) removeEnvelope(this.mailbox, RECEIVER, envelope.id, at);
    });
  }

  private envelope(body: string): RelayEnvelope {
    this.envelopes++;
    return {
      ...{ id: `env-${String(this.envelopes).padStart(32, "0")}`, from: SENDER, to: RECEIVER },
      ...{ timestamp: new Date().toISOString(), deviceId: 1, type: "CIPHERTEXT", body },
      suite: "libsignal",
    };
  }
}

function lastRow(file: File): number {
  const row = file.sql("SELECT last_insert_rowid() AS id").get<{ id: number }>();
  return row?.id ?? 0;
}
