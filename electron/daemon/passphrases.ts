import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { CallParams, CallResult } from "../../shared/protocol/protocol.ts";
import type { Host } from "./host.ts";

/**
 * What a person does with the passphrase of one agent's vault (rule Z1). A passphrase that is there
 * is asked for before it is changed or removed, whether the vault is open or not.
 */
export async function passphraseAction(
  host: Host,
  request: CallParams<"vault.passphrase">,
): Promise<CallResult<"vault.passphrase">> {
  const id = host.agents.cryptoIdOf(request.wallet);
  const keys = host.agents.vaults.keys(id);
  switch (request.action) {
    case "set":
      if (keys.store === "passphrase") throw hasOne(request.wallet);
      await keys.setPassphrase(keys.open(), required(request.next, "the new passphrase"));
      break;
    case "change": {
      const key = await keys.unlock(protectedBy(request));
      await keys.setPassphrase(key, required(request.next, "the new passphrase"));
      break;
    }
    case "remove":
      keys.removePassphrase(await keys.unlock(protectedBy(request)));
      break;
    case "unlock":
      if (!host.agents.isOpen(id)) await host.agents.open(id, request.current);
      break;
    case "lock":
      if (keys.store !== "passphrase") throw hasNone(request.wallet);
      await host.agents.lock(id);
      break;
  }
  host.changed();
  return { keyStore: keys.store, open: host.agents.isOpen(id) };

  function protectedBy({ current, wallet }: CallParams<"vault.passphrase">): string {
    if (keys.store !== "passphrase") throw hasNone(wallet);
    return required(current, "the present passphrase");
  }
}

function required(passphrase: string | null, what: string): string {
  if (passphrase !== null) return passphrase;
  throw new TinyplaceError("bad_request", `This needs ${what}.`, "Give it, then try again.");
}

function hasOne(wallet: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `The vault of ${wallet} has a passphrase already.`,
    "Change it with `tinyplace passphrase change`. Nothing was changed.",
  );
}

function hasNone(wallet: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `The vault of ${wallet} has no passphrase.`,
    "Set one first with `tinyplace passphrase set`. Nothing was changed.",
  );
}
