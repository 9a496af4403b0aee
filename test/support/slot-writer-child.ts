import { KeySlots } from "../../electron/vault/key-slots.ts";

/** Changes the key file of the folder named in the arguments, again and again, until it is killed. */
const folder = process.argv[2] as string;
const slots = KeySlots.read(folder, null);
const key = slots.open();
for (let round = 0; ; round++) {
  slots.rename(`name ${"x".repeat(round % 5000)}`);
  slots.removePassphrase(key);
  if (round === 20) process.stdout.write("writing\n");
}
