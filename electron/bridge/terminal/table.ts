import stringWidth from "string-width";
import { visibleLine } from "../../../shared/framing/visible.ts";

export type Tone = "bold" | "dim" | "red" | "green" | "yellow";
/** A cell's text may be a stranger's: it is made harmless before anything else happens to it. */
export type Cell = string | { readonly text: string; readonly tone: Tone };
export type Paint = (tone: Tone, text: string) => string;

const GAP = "  ";

/** Lines whose columns stand below each other, by what each character takes on a terminal. */
export function tableLines(rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const shown = rows.map((row) => row.map(plain));
  const widths: number[] = [];
  for (const row of shown) {
    row.forEach((text, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(text));
    });
  }
  return rows.map((row, at) =>
    row
      .map((cell, column) => {
        const text = shown[at]?.[column] ?? "";
        const space = column === row.length - 1 ? 0 : (widths[column] ?? 0) - stringWidth(text);
        const painted = typeof cell === "string" ? text : paint(cell.tone, text);
        return painted + " ".repeat(space);
      })
      .join(GAP),
  );
}

/** The beginning of a text in one line that takes at most `width` columns. */
export function shortened(text: string, width: number): string {
  const line = visibleLine(text.replace(/\s+/gu, " ").trim());
  if (stringWidth(line) <= width) return line;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function plain(cell: Cell): string {
  return visibleLine(typeof cell === "string" ? cell : cell.text);
}
