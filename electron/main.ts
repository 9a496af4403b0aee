import { join } from "node:path";
import { parseArgs } from "node:util";
import { linkIn } from "./shell/link-words.ts";
import { startDesktop } from "./shell/start-desktop.ts";

/** Desktop entry. The build lies in one folder: main/, preload/, renderer/. */
const folder = join(import.meta.dirname, "..");
const { values } = parseArgs({
  args: process.argv.slice(1),
  options: {
    home: { type: "string" },
    hidden: { type: "boolean" },
    "for-sessions": { type: "boolean" },
  },
  strict: false,
});

void startDesktop({
  home: typeof values.home === "string" ? values.home : undefined,
  folder,
  icons: join(folder, "icons"),
  commandLine: {
    // A Node.js that started us speaks for itself; the packaged application is its own (RunAsNode).
    executable: process.env.TINYPLACE_NODE ?? process.execPath,
    isElectron: process.env.TINYPLACE_NODE === undefined,
    entry: process.env.TINYPLACE_ENTRY ?? join(folder, "main", "cli.js"),
  },
  hidden: values.hidden === true,
  link: linkIn(process.argv),
  forSessions: values["for-sessions"] === true,
});
