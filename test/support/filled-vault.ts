import { rememberEnvelope } from "../../electron/vault/envelope-table.ts";
import { insertHold } from "../../electron/vault/hold-table.ts";
import { insertMailJob } from "../../electron/vault/job-table.ts";
import { rememberHolder } from "../../electron/vault/label-table.ts";
import { insertDelivery, insertMessage, type NewMessage } from "../../electron/vault/mail-table.ts";
import { insertOutgoing } from "../../electron/vault/outgoing-table.ts";
import { writeKyberPrekey, writePrekey, writeSession } from "../../electron/vault/ratchet-table.ts";
import { writeSdkPrekey, writeSdkSessions } from "../../electron/vault/sdk-ratchet-table.ts";
import type { Vault } from "../../electron/vault/vault.ts";

/** A message whose text follows from its number, so that a damaged one would show. */
export function numbered(number: number): NewMessage {
  const direction = number % 5 === 0 ? ("out" as const) : ("in" as const);
  const text = `message ${number} `.repeat(number % 10 === 3 ? 700 : 40);
  return {
    id: `msg-${number}`,
    direction,
    peer: `peer-${number % 7}`,
    fromSession: "claude:1",
    toSession: "claude:2",
    inReplyTo: null,
    role: "agent",
    text,
    auto: false,
    sentAt: null,
    at: number,
    asker: null,
    late: false,
    suite: direction === "in" ? "libsignal" : null,
  };
}

/** Some of everything a vault keeps. Numbers from `first`; resolves when all is on disk. */
export async function fillVault(vault: Vault, first: number, count: number): Promise<void> {
  await vault.write(() => {
    for (let number = first; number < first + count; number++) {
      const message = numbered(number);
      const seq = insertMessage(vault, message);
      if (seq === null) throw new Error(`message ${number} was there already`);
      const bodyHash = new Uint8Array(32).fill(number);
      const id = `envelope-${number}`;
      rememberEnvelope(vault, { sender: message.peer, id, bodyHash, at: number });
      if (message.direction === "out") {
        insertOutgoing(vault, seq, message.peer);
        insertMailJob(vault, { recipient: message.peer, message: seq, at: number });
      }
      if (number % 5 === 1) {
        insertHold(vault, { message: seq, toSession: null, reason: "no_session_live", at: number });
      }
      if (number % 5 > 1) insertDelivery(vault, { message: seq, label: "claude:2", at: number });
    }
    rememberHolder(vault, `claude:${first}`, `harness-${first}`, first);
  });
}

/** Ratchet rows; to the vault they are bytes of any kind. */
export async function fillRatchet(vault: Vault): Promise<void> {
  const bytes = (number: number, length: number) => new Uint8Array(length).fill(number);
  await vault.write(() => {
    for (let id = 1; id <= 20; id++) {
      writeSession(vault, `peer-${id}`, bytes(id, 5000), id);
      writePrekey(vault, "prekey", id, bytes(id, 70), id);
      writeKyberPrekey(vault, { id, bytes: bytes(id, 3000), lastResort: id === 1, at: id });
    }
    writePrekey(vault, "signed_prekey", 1, bytes(1, 140), 1);
    writeSdkPrekey(vault, { keyId: "spk_1", kind: "signed", privateKey: bytes(1, 32), at: 1 });
    writeSdkSessions(vault, "peer-1", [
      { id: "sdk-1", state: "{}", handshake: null, own: 1, started_at: 1, heard_at: null },
    ]);
  });
}
