import { open, readFile, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";

/** A title stands somewhere near a transcript's end; further back it is not looked for, in bytes. */
const TITLE_WITHIN_BYTES = 256 * 1024;
const MAX_LENGTH = 120;
const MAX_HEAD_BYTES = 4096;
const MAX_LEVELS = 64;

const titleLine = z.union([
  z.object({ type: z.literal("custom-title"), customTitle: z.string() }),
  z.object({ type: z.literal("ai-title"), aiTitle: z.string() }),
]);

/**
 * The branch of the repository that a folder is in: read from its files, as git writes them, since a
 * process for each look would cost too much. The first digits of the commit where no branch is checked
 * out; null outside of a repository. Never rejects.
 */
export async function readBranch(folder: string): Promise<string | null> {
  if (!isAbsolute(folder)) return null;
  let at = resolve(folder);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const head = await headIn(join(at, ".git")).catch(() => null);
    if (head !== null) return branchOf(head);
    const above = dirname(at);
    if (above === at) return null;
    at = above;
  }
  return null;
}

/** What the person or the harness called the session last; null while nobody did. Never rejects. */
export async function readTitle(transcript: string): Promise<string | null> {
  const text = await endOf(transcript).catch(() => "");
  let title: string | null = null;
  let isOwn = false;
  for (const line of text.split("\n")) {
    if (!line.includes("-title")) continue;
    const read = titleLine.safeParse(parsed(line));
    if (!read.success) continue;
    if (read.data.type === "custom-title") {
      isOwn = read.data.customTitle.trim() !== "";
      title = read.data.customTitle;
    } else if (!isOwn) title = read.data.aiTitle;
  }
  return title === null ? null : oneLine(title) || null;
}

/** `.git` is a folder, or for a further worktree a file that says where that folder is. */
async function headIn(git: string): Promise<string> {
  const folder = (await stat(git)).isDirectory()
    ? git
    : resolve(dirname(git), /^gitdir: (.+)$/m.exec(await beginningOf(git))?.[1] ?? "");
  return beginningOf(join(folder, "HEAD"));
}

function branchOf(head: string): string | null {
  const name = /^ref: refs\/heads\/(.+)$/m.exec(head)?.[1];
  if (name) return oneLine(name);
  return /^[0-9a-f]{40,64}$/m.test(head) ? head.slice(0, 7) : null;
}

async function beginningOf(path: string): Promise<string> {
  const { size } = await stat(path);
  return size > MAX_HEAD_BYTES ? "" : readFile(path, "utf8");
}

async function endOf(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TITLE_WITHIN_BYTES);
    const buffer = Buffer.alloc(size - from);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
    return buffer.subarray(0, bytesRead).toString("utf8");
  } finally {
    await file.close();
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** A model or a repository chose it: no line breaks, no marks that turn text around, no end of length. */
function oneLine(text: string): string {
  const clean = text
    .slice(0, MAX_LENGTH * 4)
    .replace(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\s]+/gu, " ");
  const letters = [...clean.trim()];
  return letters.length > MAX_LENGTH
    ? `${letters.slice(0, MAX_LENGTH - 1).join("")}…`
    : letters.join("");
}
