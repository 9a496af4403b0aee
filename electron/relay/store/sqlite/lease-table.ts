import type { MailboxLease } from "../../wire.ts";
import type { Sql } from "./sql.ts";

/** Which installation drains a mailbox (rule N5). Changes belong inside a transaction. */
export function readLease(sql: Sql, mailbox: string): MailboxLease | null {
  return (
    sql.get<MailboxLease>("SELECT installation, host, since FROM lease WHERE mailbox = ?", [
      mailbox,
    ]) ?? null
  );
}

export function takeLease(
  sql: Sql,
  mailbox: string,
  lease: MailboxLease,
  force: boolean,
): MailboxLease {
  const held = readLease(sql, mailbox);
  if (held && (held.installation === lease.installation || !force)) return held;
  sql.run("INSERT OR REPLACE INTO lease (mailbox, installation, host, since) VALUES (?, ?, ?, ?)", [
    mailbox,
    lease.installation,
    lease.host,
    lease.since,
  ]);
  return lease;
}
