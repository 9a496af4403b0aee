import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { LeftFile } from "../../../shared/model/import-report.ts";
import { type Identity, identityOf, newRegistrationId } from "../identity.ts";
import { readPluginFile, whyLeft } from "./plugin-file.ts";

/** A wallet of the earlier plugin whose key fits its address. */
export interface PluginWallet {
  readonly name: string;
  readonly identity: Identity;
  /** ms */
  readonly createdAt: number | null;
}

const wallet = z.object({
  name: z.string().min(1),
  address: z.string(),
  publicKey: z.string().optional(),
  secretKey: z.string().regex(/^[0-9a-fA-F]{64}$/),
  createdAt: z.string().optional(),
});
const named = z.object({ name: z.string() });

/** The earlier plugin's data folder. It is only ever read. */
export class PluginFolder {
  readonly path: string;

  /** Throws `bad_request` when there is no such folder, or nothing of the plugin's in it. */
  constructor(path: string) {
    this.path = path;
    if (existsSync(join(path, "wallets.json"))) return;
    throw new TinyplaceError(
      "bad_request",
      `There is nothing of the earlier plugin in ${path}: no wallets.json.`,
      "Name its folder with --from, or in TINYPLACE_CLAUDE_HOME.",
    );
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  left(path: string, error: unknown): LeftFile {
    return { path: relative(this.path, path), why: whyLeft(error) };
  }

  /** Every wallet with its identity, or with why it cannot be taken. Throws `bad_request`. */
  wallets(): (PluginWallet | { readonly name: string; readonly problem: string })[] {
    const path = this.file("wallets.json");
    try {
      const { wallets } = readPluginFile(path, z.object({ wallets: z.array(z.unknown()) }));
      return wallets.map(walletOf);
    } catch (error) {
      throw new TinyplaceError(
        "bad_request",
        `The plugin's wallets cannot be taken from ${path}: ${whyLeft(error)}.`,
        "Put that file back from a backup, then import again. Nothing was changed.",
      );
    }
  }

  /** Which wallet a scope comes back as. */
  assignments(): { assigned: [scope: string, wallet: string][]; left: LeftFile[] } {
    const path = this.file("assignments.json");
    if (!existsSync(path)) return { assigned: [], left: [] };
    try {
      const all = readPluginFile(path, z.record(z.string(), z.unknown()));
      const assigned = Object.entries(all).filter(
        (entry): entry is [string, string] =>
          typeof entry[1] === "string" &&
          /^(session:.{1,128}|project:.{1,4096}|global)$/s.test(entry[0]),
      );
      return { assigned, left: [] };
    } catch (error) {
      return { assigned: [], left: [this.left(path, error)] };
    }
  }
}

function walletOf(entry: unknown, index: number) {
  const name = named.safeParse(entry).data?.name.slice(0, 64) ?? `the wallet at ${index + 1}`;
  const parsed = wallet.safeParse(entry);
  if (!parsed.success) return { name, problem: "Its entry in wallets.json is damaged." };
  const { secretKey, address, publicKey, createdAt } = parsed.data;
  const seed = new Uint8Array(Buffer.from(secretKey, "hex"));
  const identity = identityOf({ name, seed, registrationId: newRegistrationId() });
  const fits =
    identity.cryptoId === address && (publicKey ?? identity.address) === identity.address;
  if (!fits) return { name, problem: "Its address is not the one of its key." };
  const made = Date.parse(createdAt ?? "");
  return { name, identity, createdAt: Number.isNaN(made) ? null : made };
}
