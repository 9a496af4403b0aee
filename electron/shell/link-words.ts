export const SCHEME = "tinyplace";

/** The first link among the words of a command line: systems put it there. */
export function linkIn(words: readonly string[]): string | null {
  return words.find((word) => word.startsWith(`${SCHEME}://`)) ?? null;
}
