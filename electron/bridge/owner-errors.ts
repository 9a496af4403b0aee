import { readFileSync } from "node:fs";
import { z } from "zod";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { hostKind } from "../../shared/model/snapshot.ts";
import type { HomePaths } from "../platform/paths.ts";
import { type QuitMark, readQuitMark } from "../platform/quit-mark.ts";

/** What is said where no owner of the data folder answers: why, and who can do what about it. */
export function noOwner(paths: HomePaths, cause?: unknown): TinyplaceError {
  const mark = readQuitMark(paths);
  return mark ? hostQuit(mark) : hostAbsent(paths, cause);
}

export function hostAbsent(paths: HomePaths, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "host_absent",
    `No tinyplace runs for ${paths.home}.`,
    "Start the application (`npm start`) or `tinyplace daemon` with the same data folder, then call again.",
    { cause },
  );
}

export function hostStarting(paths: HomePaths): TinyplaceError {
  return new TinyplaceError(
    "host_absent",
    `tinyplace is being started for ${paths.home}, and does not answer yet.`,
    "Call again in some seconds.",
  );
}

/** Rule L5: quit by a person, so nothing starts it but a person. */
export function hostQuit(mark: QuitMark): TinyplaceError {
  const from = mark.from === "tray" ? "from its tray icon" : "in its terminal";
  return new TinyplaceError(
    "host_quit",
    `tinyplace does not run: ${mark.user} quit it ${from} at ${mark.at}.`,
    `Only ${mark.user} starts it again, by opening the application or with \`tinyplace daemon\`; the next login does, too. Ask before you call again.`,
  );
}

/** Rule L1: it owns the data folder but does not answer. It is never robbed: it may wake up. */
export function hostHung(paths: HomePaths): TinyplaceError {
  const owner = notedOwner(paths);
  return new TinyplaceError(
    "host_hung",
    `tinyplace (${owner ? nameOf(owner) : "a process that left no name"}) owns ${paths.home} but does not answer.`,
    `Wait if the machine is busy or was asleep. Else ask the person to continue or end ${owner ? `process ${owner.pid}` : "it"}: then another takes over, and what was committed stays.`,
  );
}

/**
 * The same error, saying what became of the call: nothing, or nobody knows.
 * @param next where to look, if the error itself does not say what to do
 */
export function withOutcome(
  problem: TinyplaceError,
  asked: boolean,
  next = problem.next,
): TinyplaceError {
  const outcome = asked
    ? "Whether the call was done before is not known: look before you repeat it."
    : "Nothing was done, and nothing was sent.";
  return new TinyplaceError(problem.code, `${problem.message} ${outcome}`, next, {
    cause: problem,
  });
}

export function hostRunning(paths: HomePaths, owner: Owner): TinyplaceError {
  return new TinyplaceError(
    "host_running",
    `tinyplace already runs for ${paths.home} (${nameOf(owner)}).`,
    "Use that one, end it first, or name another data folder with --home.",
  );
}

const ownerNote = z.object({ pid: z.number().int().positive(), kind: hostKind });
type Owner = z.infer<typeof ownerNote>;

const KIND_WORDS = {
  desktop: "the desktop application",
  headless: "a daemon",
  bridge: "the bridge of a Claude Code session",
} as const;

function nameOf({ kind, pid }: Owner): string {
  return `${KIND_WORDS[kind]}, process ${pid}`;
}

/** The note of the last owner; null when that process has ended, so that none is named wrongly. */
function notedOwner(paths: HomePaths): Owner | null {
  try {
    const note = ownerNote.parse(JSON.parse(readFileSync(paths.ownerNote, "utf8")));
    process.kill(note.pid, 0);
    return note;
  } catch {
    return null;
  }
}
