import { publicKeyOf, requireCryptoId } from "../../../shared/model/address.ts";
import { insertHold } from "../../vault/hold-table.ts";
import { insertMailJob } from "../../vault/job-table.ts";
import { rememberHolder } from "../../vault/label-table.ts";
import { insertDelivery, insertMessage, type NewMessage } from "../../vault/mail-table.ts";
import { insertOutgoing } from "../../vault/outgoing-table.ts";
import type { VaultReader } from "../../vault/vault.ts";
import type { Placed } from "../mailroom.ts";
import type { PluginMail, PluginReceived, PluginUnsent } from "./plugin-mail.ts";

export interface TakenMail {
  readonly delivered: number;
  readonly held: number;
  readonly unsent: number;
  readonly placed: readonly Placed[];
}

/** To a @handle: whom that means is asked when it is sent. */
export const isToHandle = ({ to }: PluginUnsent) => publicKeyOf(to) === null;

/**
 * Puts the plugin's mail into a vault, inside a write; what is there already, by its message id, is
 * left as it is. @param at ms
 */
export function takeMail(vault: VaultReader, mail: PluginMail, at: number): TakenMail {
  const placed: Placed[] = [];
  for (const one of mail.received) {
    const seq = insertMessage(vault, messageOf(one, at));
    if (seq === null) continue;
    const offeredAt = one.mayBeRead ? at : null;
    for (const label of one.labels) insertDelivery(vault, { message: seq, label, at, offeredAt });
    const held = one.labels.length === 0;
    if (held) {
      const { toSession } = one;
      const reason = toSession === null ? "no_session_live" : "session_not_live";
      insertHold(vault, { message: seq, toSession, reason, at, offeredAt });
    }
    placed.push({ labels: one.labels, held, seq });
  }
  let unsent = 0;
  for (const one of mail.unsent) {
    if (isToHandle(one)) continue;
    const peer = requireCryptoId(one.to);
    const seq = insertMessage(vault, {
      ...one,
      peer,
      direction: "out",
      sentAt: new Date(at).toISOString(),
      at,
      asker: one.harnessSessionId,
      late: false,
      suite: null,
    });
    if (seq === null) continue;
    insertOutgoing(vault, seq, peer);
    insertMailJob(vault, { recipient: peer, message: seq, at });
    unsent++;
  }
  const held = placed.filter((one) => one.held).length;
  return { delivered: placed.length - held, held, unsent, placed };
}

/** Sessions of the plugin's keep their labels when they come back. Inside a write. */
export function takeLabels(vault: VaultReader, { holders }: PluginMail, at: number): void {
  for (const { label, harnessSessionId } of holders) {
    rememberHolder(vault, label, harnessSessionId, at);
  }
}

function messageOf(one: PluginReceived, at: number): NewMessage {
  return {
    ...one,
    direction: "in",
    // The plugin does not keep whether it was an automatic answer.
    auto: false,
    at,
    asker: null,
    late: false,
    suite: "sdk",
  };
}
