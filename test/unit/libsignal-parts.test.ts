import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { LIBSIGNAL_NATIVE, libsignalParts } from "../../build/libsignal-parts.ts";
import { ROOT } from "../../build/root.ts";

const ENTRY = `
import { ErrorCode, LibSignalErrorBase, PrivateKey, PublicKey } from "@signalapp/libsignal-client";
export { ErrorCode, LibSignalErrorBase };
export const roundTrip = () => {
  const key = PrivateKey.generate();
  const signature = key.sign(Buffer.from("text"));
  return key.getPublicKey().verify(Buffer.from("text"), signature);
};
export const damaged = () => PublicKey.deserialize(Buffer.from("no key"));
`;

test("the bundle has of libsignal what is used, and the native part throws its errors", async () => {
  // Inside the repository, so that what stays outside the bundle is found from there.
  mkdirSync(join(ROOT, "out"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "out", ".libsignal-parts-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const input = join(folder, "entry.js");
  writeFileSync(input, ENTRY);
  await build({
    ...{ configFile: false, root: ROOT, logLevel: "warn", plugins: [libsignalParts()] },
    ssr: { noExternal: true, external: [LIBSIGNAL_NATIVE] },
    build: {
      ...{ outDir: folder, emptyOutDir: false, ssr: true, minify: false },
      rolldownOptions: { input, output: { format: "es", entryFileNames: "bundle.mjs" } },
    },
  });
  const text = readFileSync(join(folder, "bundle.mjs"), "utf8");
  const modules = [...text.matchAll(/libsignal-client\/dist\/([\w/]+)\.js$/gm)].map(
    ([, one]) => one,
  );
  expect(modules).toContain("EcKeys");
  expect(modules).not.toContain("net");
  expect(modules.filter((one) => one?.startsWith("zkgroup"))).toEqual([]);
  const bundled = await import(/* @vite-ignore */ join(folder, "bundle.mjs"));
  expect(bundled.roundTrip()).toBe(true);
  const { LibSignalErrorBase } = bundled;
  expect(bundled.damaged).toThrow(LibSignalErrorBase);
});
