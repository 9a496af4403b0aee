import { UNSEEN } from "./visible.ts";

/**
 * JSON that reads back as the same value, with everything that a harness, a terminal or the eye would
 * take for something else written as escapes (rule Z4).
 */
export function inertJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c").replace(UNSEEN, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index).toString(16).padStart(4, "0");
    return `\\u${unit}`;
  }).join("");
}
