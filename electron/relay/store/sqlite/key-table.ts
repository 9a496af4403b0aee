import type { LibsignalBundle, LibsignalUpload, SdkKey } from "../../wire.ts";
import { type KeyHealth, MAX_ONE_TIME_KEYS, type TakenBundle } from "../store.ts";
import type { Sql } from "./sql.ts";

type Kind = "ec" | "kyber" | "sdk";
type LongLived = Omit<LibsignalUpload, "preKeys" | "kyberPreKeys">;
type SignedRow = { json: string; updated_at: number };

/** Published keys. Calls that change or take something belong inside a transaction. */
export function writeLibsignal(
  sql: Sql,
  agent: string,
  upload: LibsignalUpload,
  now: number,
): void {
  const { preKeys, kyberPreKeys, ...bundle } = upload;
  const before = readLibsignal(sql, agent);
  if (before && !sameInstallation(before.bundle, bundle)) {
    // The private halves of the queued keys went with the former installation.
    sql.run("DELETE FROM one_time_key WHERE agent = ?", [agent]);
  }
  sql.run("INSERT OR REPLACE INTO bundle (agent, json, updated_at) VALUES (?, ?, ?)", [
    agent,
    JSON.stringify(bundle),
    now,
  ]);
  addKeys(sql, agent, "ec", preKeys);
  addKeys(sql, agent, "kyber", kyberPreKeys);
}

export function writeSdkSigned(sql: Sql, agent: string, key: SdkKey, now: number): void {
  sql.run("INSERT OR REPLACE INTO sdk_key (agent, json, updated_at) VALUES (?, ?, ?)", [
    agent,
    JSON.stringify(key),
    now,
  ]);
}

export function addSdkKeys(sql: Sql, agent: string, keys: readonly SdkKey[]): void {
  addKeys(
    sql,
    agent,
    "sdk",
    keys.map((key) => ({ ...key, id: key.keyId })),
  );
}

export function takeBundle(sql: Sql, agent: string, oneTime: boolean): TakenBundle | null {
  const libsignal = readLibsignal(sql, agent);
  const signed = readSdkSigned(sql, agent);
  if (!libsignal && !signed) return null;
  return {
    sdk: signed && {
      signedPreKey: JSON.parse(signed.json) as SdkKey,
      oneTimePreKey: oneTime ? takeSdkKey(sql, agent) : null,
    },
    libsignal: libsignal && withOneTimeKeys(sql, agent, libsignal.bundle, oneTime),
    updatedAt: Math.max(libsignal?.at ?? 0, signed?.updated_at ?? 0),
  };
}

export function readCapabilities(sql: Sql, agent: string): readonly string[] | null {
  return readLibsignal(sql, agent)?.bundle.capabilities ?? null;
}

export function readHealth(sql: Sql, agent: string): KeyHealth {
  const libsignal = readLibsignal(sql, agent);
  const signed = readSdkSigned(sql, agent);
  return {
    sdk: {
      signedPreKeyId: signed ? (JSON.parse(signed.json) as SdkKey).keyId : null,
      signedAt: signed?.updated_at ?? null,
      oneTimePreKeyCount: countKeys(sql, agent, "sdk"),
    },
    libsignal: libsignal && {
      preKeyCount: countKeys(sql, agent, "ec"),
      kyberPreKeyCount: countKeys(sql, agent, "kyber"),
    },
    updatedAt: Math.max(libsignal?.at ?? 0, signed?.updated_at ?? 0),
  };
}

/** Another registration id or identity key is another installation, with other private keys. */
function sameInstallation(a: LongLived, b: LongLived): boolean {
  return a.registrationId === b.registrationId && a.identityKey === b.identityKey;
}

function withOneTimeKeys(
  sql: Sql,
  agent: string,
  bundle: LongLived,
  oneTime: boolean,
): LibsignalBundle {
  const { kyberLastResort, ...rest } = bundle;
  const kyber = oneTime ? takeKey<LibsignalBundle["kyberPreKey"]>(sql, agent, "kyber") : null;
  return {
    ...rest,
    preKey: oneTime ? takeKey<LibsignalBundle["preKey"]>(sql, agent, "ec") : null,
    kyberPreKey: kyber ?? kyberLastResort,
  };
}

function takeSdkKey(sql: Sql, agent: string): SdkKey | null {
  const row = takeKey<SdkKey>(sql, agent, "sdk");
  return row && { keyId: row.keyId, publicKey: row.publicKey, signature: row.signature };
}

function readLibsignal(sql: Sql, agent: string): { bundle: LongLived; at: number } | null {
  const row = sql.get<SignedRow>("SELECT json, updated_at FROM bundle WHERE agent = ?", [agent]);
  return row ? { bundle: JSON.parse(row.json) as LongLived, at: row.updated_at } : null;
}

function readSdkSigned(sql: Sql, agent: string): SignedRow | null {
  return (
    sql.get<SignedRow>("SELECT json, updated_at FROM sdk_key WHERE agent = ?", [agent]) ?? null
  );
}

function addKeys(
  sql: Sql,
  agent: string,
  kind: Kind,
  keys: readonly { id: number | string }[],
): void {
  for (const key of keys) {
    sql.run(
      `INSERT INTO one_time_key (agent, kind, id, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (agent, kind, id) DO UPDATE SET json = excluded.json`,
      [agent, kind, key.id, JSON.stringify(key)],
    );
  }
  const surplus = countKeys(sql, agent, kind) - MAX_ONE_TIME_KEYS;
  if (surplus <= 0) return;
  sql.run(
    `DELETE FROM one_time_key WHERE seq IN
     (SELECT seq FROM one_time_key WHERE agent = ? AND kind = ? ORDER BY seq LIMIT ?)`,
    [agent, kind, surplus],
  );
}

function takeKey<T>(sql: Sql, agent: string, kind: Kind): T | null {
  const row = sql.get<{ seq: number; json: string }>(
    "SELECT seq, json FROM one_time_key WHERE agent = ? AND kind = ? ORDER BY seq LIMIT 1",
    [agent, kind],
  );
  if (!row) return null;
  sql.run("DELETE FROM one_time_key WHERE seq = ?", [row.seq]);
  return JSON.parse(row.json) as T;
}

function countKeys(sql: Sql, agent: string, kind: Kind): number {
  const row = sql.get<{ n: number }>(
    "SELECT count(*) AS n FROM one_time_key WHERE agent = ? AND kind = ?",
    [agent, kind],
  );
  return row?.n ?? 0;
}
