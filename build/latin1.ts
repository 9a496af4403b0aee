import type { Plugin } from "vite";

/** Units of UTF-16 that a string of one byte a character cannot hold. */
const BEYOND = /[^\0-\xff]/g;

/**
 * V8 keeps the text of every module it loaded, and with a single character beyond Latin-1 in it at two
 * bytes a character. So such characters are written as escapes, which mean the same in strings, regular
 * expressions and names. Throws where one stands behind a backslash: there they would not.
 */
export function asLatin1(code: string): string {
  if (/\\[^\0-\xff]/.test(code)) throw new Error("a character beyond Latin-1 behind a backslash");
  return code.replace(BEYOND, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Applies it to all chunks, after everything that writes their text anew. */
export function latin1(): Plugin {
  return {
    name: "latin1",
    enforce: "post",
    generateBundle: (_options, bundle) => {
      for (const one of Object.values(bundle)) {
        if (one.type === "chunk") one.code = asLatin1(one.code);
      }
    },
  };
}
