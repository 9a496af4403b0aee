import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { checkTextSize } from "../../../shared/envelope/envelope.ts";
import { readMessageId } from "../../../shared/envelope/message-id.ts";
import { readLabel } from "../../../shared/labels/labels.ts";
import type { LadderStep, Rung } from "../../../shared/model/ladder.ts";
import type { SentMessage } from "../../../shared/model/sent.ts";
import type { HostSnapshot } from "../../../shared/model/snapshot.ts";
import { UsageError } from "./exit-codes.ts";
import type { Cell, Tone } from "./table.ts";

/** What several commands say alike. */

const ENDED = new Set<Rung>(["failed", "expired", "refused", "cancelled"]);

/** A rung and when it was reached. */
export function stepCells({ rung, at }: LadderStep): Cell[] {
  const tone: Tone = ENDED.has(rung) ? "red" : rung === "queued" ? "dim" : "green";
  return [{ text: rung, tone }, clockTime(at)];
}

/** True when it did not arrive, and will not. */
export function isLost({ state }: SentMessage): boolean {
  return ENDED.has(state);
}

/** The day is said where it is not today. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return "?";
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return date.toDateString() === new Date().toDateString() ? time : `${day} ${time}`;
}

/** How a person calls an agent: their own by its name, others by the cryptoId. */
export function nameIn({ agents }: HostSnapshot): (cryptoId: string) => string {
  const names = new Map(agents.map((one) => [one.cryptoId, one.name]));
  return (cryptoId) => names.get(cryptoId) ?? cryptoId;
}

/** The text of a message: the words, a file (`-` for standard input), or what is piped in. */
export async function messageText(
  words: readonly string[],
  file: string | undefined,
): Promise<string> {
  if (words.length > 0 && file !== undefined) {
    throw new UsageError("A text and a file were given.", "Give one of them.");
  }
  const body = words.length > 0 ? words.join(" ") : await readText(file);
  checkTextSize(body);
  if (body.trim() !== "") return body;
  throw new UsageError("The message is empty.", "Write its text after the address, or pipe it in.");
}

/** A label of the command line; throws what is wrong with it. */
export function checkedLabel(text: string): string {
  const label = readLabel(text);
  if (label !== null) return label;
  throw new UsageError(
    `"${text.slice(0, 64)}" is no session's label.`,
    "A label has letters, digits, `_`, `:` or `-`, at most 32, such as claude:1.",
  );
}

/** A message's id of the command line; throws what is wrong with it. */
export function checkedId(text: string): string {
  const id = readMessageId(text);
  if (id !== null) return id;
  throw new UsageError(
    `"${text.slice(0, 64)}" is no message's id.`,
    "Ids stand beside messages in `tinyplace inbox`, such as msg-0123456789abcdef01.",
  );
}

async function readText(file: string | undefined): Promise<string> {
  if (file !== undefined && file !== "-") {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new UsageError(
        `${file} cannot be read: ${(error as Error).message}.`,
        "Name a file with the message's text.",
      );
    }
  }
  // Nobody types here unasked: a terminal without a text is a forgotten argument.
  return file === undefined && process.stdin.isTTY ? "" : text(process.stdin);
}
