// The application of the evaluation Electron, which brings none: starts the folder named on the
// command line as Electron's own default application would. It is an ES module so that `ready` waits
// until the named application has loaded.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { app } from "electron";

const named = process.argv.slice(1).find((word) => !word.startsWith("-"));
const folder = resolve(named ?? ".");
const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
Object.defineProperty(process, "defaultApp", { value: true, enumerable: true });
app.setAppPath(folder);
app.setName(manifest.productName ?? manifest.name);
app.setVersion(manifest.version ?? "0.0.0");
app.setDesktopName?.(manifest.desktopName ?? `${app.name}.desktop`);
await import(pathToFileURL(createRequire(import.meta.url).resolve(folder)).href);
