import { Vault } from "../../electron/vault/vault.ts";

/** Opens the vault of the folder named in the arguments, rescuing it where it must. */
const folder = process.argv[2] as string;
process.stdout.write("opening\n");
Vault.open(folder, new Uint8Array(32).fill(7), 100, 0).close();
