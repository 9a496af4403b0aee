import { wordlist } from "@scure/bip39/wordlists/english.js";

const LIST_LENGTH = 2048n;
/** 60 digits fit into as many words, each one of 2048. */
const WORDS = 19;

/**
 * The number as words, which are easier to read aloud: the very same number, so whoever compared the
 * words compared the digits. The list is that of BIP 39, made for being heard and typed apart.
 */
export function safetyWords(groups: readonly string[]): string[] {
  let rest = BigInt(groups.join(""));
  return Array.from({ length: WORDS }, () => {
    const word = wordlist[Number(rest % LIST_LENGTH)] as string;
    rest /= LIST_LENGTH;
    return word;
  });
}
