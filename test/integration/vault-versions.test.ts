import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  insertDelivery,
  insertMessage,
  type MessageRow,
  sentMessage,
} from "../../electron/vault/mail-table.ts";
import { migrate } from "../../electron/vault/schema.ts";
import { openSqlite } from "../../electron/vault/sqlite.ts";
import type { VaultReader } from "../../electron/vault/vault.ts";
import { wayOf } from "../../electron/vault/way.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** The tables as version `version` had them, and a way to bring them to the newest. */
function vaultOf(version: number): VaultReader & { migrate: () => void } {
  const db = openSqlite(join(temporaryHome(), "vault.db"));
  onTestFinished(() => db.close());
  migrate(db, version);
  return { sql: (text) => db.prepare(text), migrate: () => migrate(db) };
}

function write(vault: VaultReader, id: string, direction: "in" | "local", at: number): number {
  const message = {
    id,
    direction,
    peer: direction === "in" ? "peer" : "me",
    text: "",
    at,
  } as const;
  const session = { fromSession: null, toSession: null, inReplyTo: null, asker: null } as const;
  const rest = { role: "agent", auto: false, sentAt: null, late: false, suite: null } as const;
  return insertMessage(vault, { ...message, ...session, ...rest }) as number;
}

function note(vault: VaultReader, kind: string, message: string, peer: string, at: number): void {
  vault
    .sql("INSERT INTO activity (at, kind, peer, message) VALUES (?, ?, ?, ?)")
    .run([at, kind, peer, message]);
}

test("D6 of mail that an older version held, dropped or discarded is known what was recorded then", () => {
  const vault = vaultOf(17);
  const given = write(vault, "given", "local", 1_000);
  note(vault, "held", "given", "me", 1_001);
  note(vault, "held", "given", "me", 1_005);
  insertDelivery(vault, { message: given, label: "claude:1", at: 1_009 });
  const discarded = write(vault, "discarded", "local", 2_000);
  vault
    .sql("INSERT INTO discarded VALUES (?, NULL, 'no_session_live', 2001, 2002)")
    .run([discarded]);
  write(vault, "dropped", "local", 3_000);
  note(vault, "dropped", "dropped", "me", 3_001);
  write(vault, "forgotten", "local", 4_000);
  // A peer that chose the id of a message of ours, and one of its own that was dropped.
  write(vault, "forgotten", "in", 5_000);
  note(vault, "held", "forgotten", "peer", 5_001);
  const refused = write(vault, "refused", "in", 6_000);
  note(vault, "dropped", "refused", "peer", 6_001);
  vault.migrate();

  const wayOfMessage = (id: string) =>
    wayOf(vault, sentMessage(vault, id) as MessageRow).ladder.map(({ rung, at }) => [
      rung,
      Date.parse(at),
    ]);
  expect(wayOfMessage("given")).toEqual([
    ["queued", 1_000],
    ["held", 1_001],
    ["inbox", 1_009],
  ]);
  expect(wayOfMessage("discarded")).toEqual([
    ["queued", 2_000],
    ["held", 2_001],
  ]);
  expect(wayOfMessage("dropped")).toEqual([
    ["queued", 3_000],
    ["refused", 3_001],
  ]);
  // Of what nothing was recorded nothing is claimed.
  expect(wayOfMessage("forgotten")).toEqual([["queued", 4_000]]);
  const ofPeers = vault.sql("SELECT r.* FROM refused r JOIN message m ON m.seq = r.message").all();
  expect(ofPeers).toContainEqual({ message: refused, at: 6_001 });
  expect(ofPeers).toHaveLength(2);
});
