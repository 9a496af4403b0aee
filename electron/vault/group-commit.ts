import { commitRounds } from "./commit-rounds.ts";
import type { Database, Statement } from "./sqlite.ts";
import { asStorageError, isStorageError } from "./storage-errors.ts";

interface PendingWrite {
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

interface CommitHooks {
  /** Runs first in every transaction; what it throws fails the whole group. */
  readonly before?: () => void;
  /** After every transaction: what failed the whole group, null when it is on disk. Must not throw. */
  readonly after?: (error: unknown) => void;
}

type Outcome = { ok: true; value: unknown } | { ok: false; error: unknown };

/** More writes than this wait for the next transaction, so that one commit never blocks for long. */
const MAX_GROUP = 256;
/** How long `writeLater` waits for another write to go with, in ms. */
const LATER_MS = 10;

/**
 * Writes that arrive until the next round of commits share one transaction: at synchronous=FULL the
 * commit is the dear part. Each write has its own savepoint, so one that throws undoes itself alone;
 * a promise resolves only after COMMIT. Write functions are synchronous: nothing awaits inside.
 */
export class GroupCommit {
  private readonly statements: Record<
    "begin" | "commit" | "rollback" | "savepoint" | "release" | "undo",
    Statement
  >;
  private pending: PendingWrite[] = [];
  private later: PendingWrite[] = [];
  private laterTimer: NodeJS.Timeout | null = null;
  private readonly flushDue = () => this.flush();
  private readonly hooks: CommitHooks;

  constructor(db: Database, hooks: CommitHooks = {}) {
    this.hooks = hooks;
    this.statements = {
      begin: db.prepare("BEGIN IMMEDIATE"),
      commit: db.prepare("COMMIT"),
      rollback: db.prepare("ROLLBACK"),
      savepoint: db.prepare("SAVEPOINT one_write"),
      release: db.prepare("RELEASE one_write"),
      undo: db.prepare("ROLLBACK TO one_write"),
    };
  }

  write<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.pending.push({ run, resolve, reject });
      commitRounds.request(this.flushDue);
    });
  }

  /** As `write`, for what nobody waits for: it goes with the next transaction, or by itself soon. */
  writeLater<T>(run: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.later.push({ run, resolve, reject });
      this.laterTimer ??= setTimeout(() => commitRounds.request(this.flushDue), LATER_MS);
    });
  }

  /** Commits what waits, now. For closing: after it returns nothing is pending. */
  flush(): void {
    if (this.laterTimer) clearTimeout(this.laterTimer);
    this.laterTimer = null;
    this.pending.unshift(...this.later.splice(0));
    while (this.pending.length > 0) {
      const group = this.pending.splice(0, MAX_GROUP);
      this.commitGroup(group);
    }
  }

  private commitGroup(group: readonly PendingWrite[]): void {
    const outcomes: Outcome[] = [];
    try {
      this.statements.begin.run();
      this.hooks.before?.();
      for (const write of group) outcomes.push(this.runOne(write));
      this.statements.commit.run();
    } catch (thrown) {
      this.rollBack();
      const error = asStorageError(thrown);
      this.hooks.after?.(error);
      for (const write of group) write.reject(error);
      return;
    }
    this.hooks.after?.(null);
    for (const [index, outcome] of outcomes.entries()) {
      const write = group[index] as PendingWrite;
      if (outcome.ok) write.resolve(outcome.value as never);
      else write.reject(outcome.error);
    }
  }

  private runOne(write: PendingWrite): Outcome {
    this.statements.savepoint.run();
    try {
      const value = write.run();
      this.statements.release.run();
      return { ok: true, value };
    } catch (error) {
      // A full or failing disk may have ended the whole transaction already.
      if (isStorageError(error)) throw error;
      this.statements.undo.run();
      this.statements.release.run();
      return { ok: false, error };
    }
  }

  private rollBack(): void {
    try {
      this.statements.rollback.run();
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }
}
