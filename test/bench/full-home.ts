import { Host } from "../../electron/daemon/host.ts";
import { freshMessageId } from "../../electron/platform/fresh-message-id.ts";
import { homePaths, privateFolder } from "../../electron/platform/paths.ts";
import { insertHold } from "../../electron/vault/hold-table.ts";
import { insertDelivery, insertMessage } from "../../electron/vault/mail-table.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";

export const FULL_WALLET = "full";
const BATCH = 5000;

/**
 * A data folder as it is after years: one agent with `messages` in one session's inbox, all read, and
 * `holds`. Written as the daemon writes them, without the way there.
 */
export async function fillHome(
  home: string,
  counts: { messages: number; holds: number },
): Promise<void> {
  const paths = homePaths(home);
  privateFolder(paths.home);
  const lock = acquireOwnerLock(paths.lock);
  if (!lock) throw new Error("the data folder has an owner");
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null });
  const { vault, identity } = await host.agents.create(FULL_WALLET);
  const start = Date.now() - counts.messages * 60_000;
  const put = (number: number, text: string) =>
    insertMessage(vault, {
      id: freshMessageId(),
      direction: "local",
      peer: identity.cryptoId,
      fromSession: `claude:${2 + (number % 5)}`,
      toSession: "claude:1",
      inReplyTo: null,
      role: "agent",
      text,
      auto: false,
      sentAt: null,
      at: start + number * 60_000,
      asker: null,
      late: false,
      suite: null,
    }) as number;
  for (let from = 0; from < counts.messages; from += BATCH) {
    await vault.write(() => {
      for (let n = from; n < Math.min(from + BATCH, counts.messages); n++) {
        const message = put(
          n,
          `Message ${n}. ${"All went well, and here is why. ".repeat(n % 12)}`,
        );
        insertDelivery(vault, { message, label: "claude:1", at: start });
      }
      vault.sql("UPDATE delivery SET read_at = delivered_at WHERE read_at IS NULL").run();
    });
  }
  await vault.write(() => {
    for (let n = 0; n < counts.holds; n++) {
      const message = put(counts.messages, `Held ${n}: for a session that is not there.`);
      insertHold(vault, { message, toSession: "claude:9", reason: "session_not_live", at: start });
    }
  });
  await host.close();
}
