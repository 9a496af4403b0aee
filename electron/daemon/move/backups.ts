import type { CallParams, CallResult } from "../../../shared/protocol/protocol.ts";
import { Backup } from "../../vault/backup/restore-vault.ts";
import { writeBackup } from "../../vault/backup/write-backup.ts";
import type { Host } from "../host.ts";
import { identityOf, newRegistrationId } from "../identity.ts";

/** Throws `wallet_unknown`, `vault_locked`, `bad_request` for a file that is there. */
export async function exportAgent(
  host: Host,
  { wallet, out, passphrase }: CallParams<"agent.export">,
): Promise<CallResult<"agent.export">> {
  const { vault, identity } = host.agents.named(wallet);
  const now = host.clock.now();
  const { messages } = await vault.snapshot((db) => writeBackup(db, out, { passphrase, now }));
  return { name: identity.name, cryptoId: identity.cryptoId, messages };
}

/**
 * An agent as a backup has it, with new keys for sessions to begin with. Throws `wallet_exists` when
 * it is here, and what `Backup` throws; then nothing is left of it.
 */
export async function restoreAgent(
  host: Host,
  { file, passphrase, moveHere }: CallParams<"agent.restore">,
): Promise<CallResult<"agent.restore">> {
  const backup = await Backup.open(file, passphrase);
  try {
    const { name, seed, createdAt, registrationId: former } = backup.agent;
    let registrationId = newRegistrationId();
    // Another one has relays forget the keys of the former life, which nobody here can use.
    while (registrationId === former) registrationId = newRegistrationId();
    const identity = identityOf({ name: host.agents.freeName(name), seed, registrationId });
    const { agent, made } = await host.agents.adopt(identity, (folder, key) =>
      backup.restore(folder, key, { identity: { ...identity, createdAt }, now: host.clock.now() }),
    );
    if (moveHere) await agent.moveHere().catch(() => undefined);
    return {
      ...made,
      name: identity.name,
      cryptoId: identity.cryptoId,
      writtenAt: new Date(backup.writtenAt).toISOString(),
      lease: await agent.whereItLives(),
    };
  } finally {
    backup.close();
  }
}
