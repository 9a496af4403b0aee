import type { Plugin } from "vite";

/** Units of UTF-16 that some text of the bundle's sources has beyond ASCII. */
const BEYOND = /[^\0-\x7f]/g;

/**
 * V8 keeps the text of every module it loaded. A single character beyond Latin-1 in it makes that two
 * bytes a character, and in a text of a megabyte, which Node.js hands over as it read it, a single one
 * beyond ASCII. So such characters are written as escapes, which mean the same in strings, regular
 * expressions and names. Throws where one stands behind a backslash: there they would not.
 */
export function asAscii(code: string): string {
  if (/\\[^\0-\x7f]/.test(code)) throw new Error("a character beyond ASCII behind a backslash");
  return code.replace(BEYOND, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Applies it to all chunks, after everything that writes their text anew. */
export function ascii(): Plugin {
  return {
    name: "ascii",
    enforce: "post",
    generateBundle: (_options, bundle) => {
      for (const one of Object.values(bundle)) {
        if (one.type === "chunk") one.code = asAscii(one.code);
      }
    },
  };
}
