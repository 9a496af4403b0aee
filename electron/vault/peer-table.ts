import type { Suite } from "../../shared/model/suite.ts";
import type { VaultReader } from "./vault.ts";

/** What is known of other agents' daemons. The changing functions run inside `Vault.write` only. */
export interface PeerRow {
  /** The cipher it is written to with; null while unknown. */
  readonly suite: Suite | null;
  /** What its published bundle says it understands; null while unknown. */
  readonly capabilities: readonly string[] | null;
  /** When that was looked up. */
  readonly lookedAt: number;
  readonly repairAskedAt: number | null;
  /** Requests in a row that it did not answer. */
  readonly repairAsks: number;
  readonly repairAnsweredAt: number | null;
}

const UNKNOWN: PeerRow = {
  suite: null,
  capabilities: null,
  lookedAt: 0,
  repairAskedAt: null,
  repairAsks: 0,
  repairAnsweredAt: null,
};

export function readPeer(vault: VaultReader, peer: string): PeerRow {
  const row = vault
    .sql(
      `SELECT suite, capabilities, looked_at AS lookedAt, repair_asked_at AS repairAskedAt,
         repair_asks AS repairAsks, repair_answered_at AS repairAnsweredAt FROM peer WHERE peer = ?`,
    )
    .get<Omit<PeerRow, "capabilities"> & { capabilities: string | null }>([peer]);
  if (!row) return UNKNOWN;
  return { ...row, capabilities: row.capabilities === null ? null : JSON.parse(row.capabilities) };
}

/**
 * What was found published. @param capabilities of its libsignal bundle; null when there is none,
 * which takes nothing back of what it has shown before.
 */
export function writePublished(
  vault: VaultReader,
  peer: string,
  capabilities: readonly string[] | null,
  at: number,
): void {
  writeSuite(vault, peer, capabilities === null ? "sdk" : "libsignal");
  vault
    .sql(
      `UPDATE peer SET looked_at = $at, capabilities = CASE WHEN $capabilities IS NOT NULL
         THEN $capabilities WHEN suite = 'libsignal' THEN capabilities ELSE '[]' END
       WHERE peer = $peer`,
    )
    .run({ peer, capabilities: capabilities && JSON.stringify(capabilities), at });
}

/**
 * The peer has shown this cipher. Libsignal stands for good: nobody can talk us down from it. What it
 * understands was not known while it seemed to know the other alone.
 */
export function writeSuite(vault: VaultReader, peer: string, suite: Suite): void {
  vault
    .sql(
      `INSERT INTO peer (peer, suite) VALUES ($peer, $suite)
       ON CONFLICT (peer) DO UPDATE SET suite = $suite,
         capabilities = CASE suite WHEN 'sdk' THEN NULL ELSE capabilities END
       WHERE suite IS NULL OR ($suite = 'libsignal' AND suite = 'sdk')`,
    )
    .run({ peer, suite });
}

/** What peers publish is looked up again before long: the relay is another one. */
export function forgetLooks(vault: VaultReader): void {
  vault.sql("UPDATE peer SET looked_at = 0").run();
}

export function markRepairAsked(vault: VaultReader, peer: string, at: number): void {
  vault
    .sql(
      `INSERT INTO peer (peer, repair_asked_at, repair_asks) VALUES (?, ?, 1)
       ON CONFLICT (peer) DO UPDATE SET repair_asked_at = excluded.repair_asked_at,
         repair_asks = repair_asks + 1`,
    )
    .run([peer, at]);
}

/** The peer answered our request. */
export function markRepaired(vault: VaultReader, peer: string): void {
  vault.sql("UPDATE peer SET repair_asks = 0 WHERE peer = ?").run([peer]);
}

/** We answered the peer's request. */
export function markRepairAnswered(vault: VaultReader, peer: string, at: number): void {
  vault
    .sql(
      `INSERT INTO peer (peer, repair_answered_at) VALUES (?, ?)
       ON CONFLICT (peer) DO UPDATE SET repair_answered_at = excluded.repair_answered_at`,
    )
    .run([peer, at]);
}
