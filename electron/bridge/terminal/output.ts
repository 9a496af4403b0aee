import { styleText } from "node:util";
import { visibleLine, visibleLines } from "../../../shared/framing/visible.ts";
import { type Cell, shortened, type Tone, tableLines } from "./table.ts";

/** Where there is no terminal that says how wide it is. */
const DEFAULT_COLUMNS = 100;

/** What of a stream decides how it is written to. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * What a command prints, for a person or as JSON. Nothing reaches the terminal but through here, and
 * here everything that others may have written loses its control over it (rule Z4).
 */
export class Output {
  readonly isJson: boolean;
  private readonly out: Stream;
  private readonly err: Stream;
  private readonly env: NodeJS.ProcessEnv;

  constructor(
    isJson: boolean,
    out: Stream = process.stdout,
    err: Stream = process.stderr,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.isJson = isJson;
    this.out = out;
    this.err = err;
    this.env = env;
  }

  /** The result: this value as one line of JSON, or what `words` prints for a person. */
  result(value: object, words: () => void): void {
    if (this.isJson) this.out.write(`${jsonLine(value)}\n`);
    else words();
  }

  /** Cells with a space between. */
  line(...cells: readonly Cell[]): void {
    this.out.write(`${this.painted(cells)}\n`);
  }

  /** Aligned rows under a head. */
  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    const top: Cell[] = head.map((text) => ({ text, tone: "dim" }));
    this.rows([top, ...rows]);
  }

  /** Aligned rows. */
  rows(rows: readonly (readonly Cell[])[]): void {
    for (const line of tableLines(rows, this.paint)) this.out.write(`${line.trimEnd()}\n`);
  }

  /** A whole text of others, line by line, with a mark before each that tells it from our own words. */
  quote(text: string): void {
    for (const line of visibleLines(text)) this.out.write(`  | ${line}\n`);
  }

  /** What fits of a text into one line beside `taken` columns. */
  short(text: string, taken: number): string {
    return shortened(text, Math.max(20, (this.out.columns ?? DEFAULT_COLUMNS) - taken));
  }

  /** What goes on while a person waits for the result; never mixed with it. */
  progress(...cells: readonly Cell[]): void {
    if (this.isJson) return;
    this.err.write(`${this.painted(cells, this.err)}\n`);
  }

  /** Everything printed so far was taken by whoever reads it. Rejects when nobody does any more. */
  written(): Promise<void> {
    return new Promise((resolve, reject) =>
      process.stdout.write("", (error) => (error ? reject(error) : resolve())),
    );
  }

  private painted(cells: readonly Cell[], stream = this.out): string {
    return cells
      .filter((cell) => cell !== "")
      .map((cell) =>
        typeof cell === "string"
          ? visibleLine(cell)
          : paintOn(stream, this.env)(cell.tone, visibleLine(cell.text)),
      )
      .join(" ");
  }

  private readonly paint = (tone: Tone, text: string) => paintOn(this.out, this.env)(tone, text);
}

/** Colours are for terminals that have them, and for people who did not refuse them. */
function paintOn(stream: Stream, env: NodeJS.ProcessEnv) {
  const colours = stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  return (tone: Tone, text: string) =>
    colours ? styleText(tone, text, { validateStream: false }) : text;
}

/** Valid JSON of the same value, in which no character acts on a terminal. */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      `${[...Array(character.length).keys()]
        .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
        .join("")}`,
  );
}
