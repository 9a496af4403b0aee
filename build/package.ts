import { build, Platform } from "electron-builder";
import { bundle } from "./bundle.ts";
import { packageConfig } from "./package-config.ts";
import { failPlainly, ROOT } from "./root.ts";
import { resolveElectron } from "./runtime/resolve-electron.ts";

/**
 * `npm run package`: an unpacked application under dist/. `-- --installers` makes this platform's
 * installers too, on a machine that reaches their tools; `-- --inspectable` makes the tests' twin.
 */
const words = new Set(process.argv.slice(2));

await makePackage().catch(failPlainly);

async function makePackage(): Promise<void> {
  const electron = await resolveElectron();
  const installers = words.has("--installers");
  if (installers && electron.kind === "evaluation") {
    throw new Error("Installers are made with the official Electron only, which is not here.");
  }
  await bundle(electron.kind);
  await build({
    projectDir: ROOT,
    config: packageConfig(electron, words.has("--inspectable")),
    targets: installers
      ? Platform.current().createTarget()
      : Platform.current().createTarget("dir"),
    publish: "never",
  });
}
