import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import { readSecret, secretInput } from "./secret-input.ts";
import { HostClient } from "./socket-client.ts";
import type { Output } from "./terminal/output.ts";

type Action = CallParams<"vault.passphrase">["action"];

/** What each action asks for, and what is said when it is done. */
const ACTIONS: Record<Action, { current: boolean; next: boolean; done: string }> = {
  set: {
    current: false,
    next: true,
    done: "Only this passphrase opens the vault now. Keep it: without it the agent is lost.",
  },
  change: { current: true, next: true, done: "Only the new passphrase opens the vault now." },
  remove: { current: true, next: false, done: "The vault opens without a passphrase again." },
  unlock: { current: true, next: false, done: "The vault is open." },
  lock: { current: false, next: false, done: "The vault is locked; its sessions were ended." },
};

export interface PassphraseOptions {
  readonly wallet: string;
  /** The present passphrase. */
  readonly file?: string;
  readonly newFile?: string;
}

/**
 * `tinyplace passphrase`: asks the running host. Passphrases come from files, from a terminal unseen,
 * or as lines of standard input (the present one first); never from the command line, which others
 * can read. Throws `host_absent`, and what the host refuses.
 */
export async function runPassphrase(
  { paths, output }: { paths: HomePaths; output: Output },
  action: string,
  options: PassphraseOptions,
): Promise<void> {
  if (!Object.hasOwn(ACTIONS, action)) throw noSuchAction(action);
  const { current: needsCurrent, next: needsNext, done } = ACTIONS[action as Action];
  const client = await HostClient.connect(paths, "passphrase");
  try {
    const input = secretInput();
    const { file, newFile } = options;
    const current = needsCurrent ? await readSecret(input, "Passphrase", { file }) : null;
    const next = needsNext
      ? await readSecret(input, "New passphrase", { file: newFile, isNew: true })
      : null;
    const request = { wallet: options.wallet, action: action as Action, current, next };
    const { keyStore, open } = await client.call("vault.passphrase", request);
    const where = action === "remove" ? ` Its key is kept in the ${keyStore}.` : "";
    output.result({ wallet: options.wallet, action, keyStore, open }, () =>
      output.line(`${done}${where}`),
    );
  } finally {
    client.close();
  }
}

function noSuchAction(action: string): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `"${action.slice(0, 64)}" is nothing that can be done with a passphrase.`,
    `Choose one of: ${Object.keys(ACTIONS).join(", ")}.`,
  );
}
