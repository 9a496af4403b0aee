/**
 * Texts of others as they may stand in a prompt or on a terminal (rule Z4): nothing in them moves a
 * cursor, turns the direction of reading, hides from the eye, or ends the markup around them.
 */

/** Whatever some reader takes for the end of a line. */
const LINE_BREAK = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/** Joiners and selectors that belong to an emoji; alone they only hide things. */
const PART_OF_EMOJI =
  /(?<=\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)\u200d(?=\p{Extended_Pictographic})|(?<=\p{Emoji})\ufe0f/gu;

/** Controls, format and break characters, half ones, private use, unassigned, and what has no shape. */
export const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/**
 * Tags that harnesses and models give a meaning: names of their own kind (`system-reminder`,
 * `function_calls`, `x:invoke`) and the plain words among them. Other markup is left as it is written.
 */
const MEANINGFUL_TAG =
  /<(?=[\s/!?|]*(?:[a-z][\w.]*[-_:|]|(?:assistant|bash|channel|command|context|document|function|functions|hook|human|instructions|invoke|parameter|parameters|prompt|reasoning|result|source|stderr|stdout|system|thinking|tool|tools|user)\b))/giu;

export function visibleLines(text: string): string[] {
  return text.split(LINE_BREAK).map(visibleLine);
}

/** One line; a line break inside is shown, not made. */
export function visibleLine(text: string): string {
  const kept = emojiParts(text);
  const shown = text.replace(UNSEEN, (character, index: number) =>
    character === "\t" || kept.has(index) ? character : codePointName(character),
  );
  return shown.replace(MEANINGFUL_TAG, "&lt;");
}

function emojiParts(text: string): Set<number> {
  return new Set(Array.from(text.matchAll(PART_OF_EMOJI), (match) => match.index));
}

function codePointName(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
