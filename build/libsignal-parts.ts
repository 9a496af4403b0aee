import { join } from "node:path";
import type { Plugin } from "vite";
import { ROOT } from "./root.ts";

const PACKAGE = "@signalapp/libsignal-client";
/** The one module of libsignal's that stays outside the bundle: it finds its binary beside itself. */
export const LIBSIGNAL_NATIVE = `${PACKAGE}/dist/Native.js`;

/**
 * Takes from libsignal's package what is imported, and leaves its clients of Signal's servers, groups and
 * media out: loading them all takes 8 MB of a process that uses none of them, and time. Only its first
 * module does more than declare: it names its errors to the native part, which throws them.
 */
export function libsignalParts(): Plugin {
  const folder = join(ROOT, "node_modules", PACKAGE, "dist");
  return {
    name: "libsignal-parts",
    enforce: "pre",
    resolveId: (source, importer) => {
      if (source === PACKAGE) return join(folder, "index.js");
      if (!importer?.startsWith(folder) || !source.startsWith(".")) return null;
      const id = join(importer, "..", source);
      if (id === join(folder, "Native.js")) return { id: LIBSIGNAL_NATIVE, external: true };
      return { id, moduleSideEffects: false };
    },
  };
}
