import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { AgentLosses } from "../../shared/protocol/move-calls.ts";
import type { CallResult } from "../../shared/protocol/protocol.ts";
import { asPerson, type Command } from "./person.ts";
import { readSecret, secretInput } from "./secret-input.ts";
import type { Output } from "./terminal/output.ts";

export interface ExportOptions {
  readonly wallet: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

export interface ImportOptions {
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly moveHere?: boolean;
  readonly passphraseFile?: string;
}

/** `tinyplace export`: one encrypted file. Throws what the host refuses. */
export async function exportBackup(command: Command, options: ExportOptions): Promise<void> {
  const { wallet, passphraseFile: file } = options;
  const out = resolve(options.out);
  const passphrase = await readSecret(secretInput(), "Passphrase of the backup", {
    file,
    isNew: true,
  });
  await asPerson(command, async (person, output) => {
    const done = await person.call("agent.export", { wallet, out, passphrase });
    print(output, { exported: { ...done, out } }, [
      `${done.name} (${done.cryptoId}) with ${done.messages} messages is in ${out}.`,
      "It opens with this passphrase alone. Ratchets are not in it: restored, its sessions begin anew.",
    ]);
  });
}

/** `tinyplace import FILE`: an agent from a backup. Throws what the host refuses. */
export async function restoreBackup(
  command: Command,
  named: string,
  options: ImportOptions,
): Promise<void> {
  const file = resolve(named);
  const { moveHere = false, passphraseFile } = options;
  const passphrase = await readSecret(secretInput(), "Passphrase of the backup", {
    file: passphraseFile,
  });
  await asPerson(command, async (person, output) => {
    const done = await person.call("agent.restore", { file, passphrase, moveHere });
    print(output, { restored: done }, restoredWords(done));
  });
}

function restoredWords(done: CallResult<"agent.restore">): string[] {
  const { name, cryptoId, messages, writtenAt, queued, notSent, lease } = done;
  const lines = [`${name} (${cryptoId}) is here, with ${messages} messages as of ${writtenAt}.`];
  if (queued > 0) lines.push(`${queued} unsent messages go out from here.`);
  if (notSent > 0) {
    lines.push(
      `${notSent} unsent messages are not sent by themselves, since they may have been sent meanwhile: see them in the window.`,
    );
  }
  if (lease?.state === "elsewhere") {
    lines.push(
      `It lives on ${lease.host} since ${lease.since}: here it neither sends nor receives until you move it here (tinyplace agents move-here, or in the window).`,
    );
  } else if (lease?.state === "unsupported") {
    lines.push(
      "Its relay keeps nobody from using the agent in two places at once: end it where it was.",
    );
  } else if (lease === null) {
    lines.push("Its relay does not answer yet; where it lives is asked when it does.");
  }
  return lines;
}

/** `tinyplace agents delete`: asks for the agent's name, after saying what is lost. */
export async function deleteAgent(
  command: Command,
  wallet: string,
  options: { confirm?: string; endSessions?: boolean },
): Promise<void> {
  await asPerson(command, async (person, output) => {
    const lost = await person.call("agent.losses", { wallet });
    if (!output.isJson) for (const line of lossWords(lost)) output.progress(line);
    const confirm = options.confirm ?? (await ask("Its name, to delete it: "));
    const { endSessions = false } = options;
    const done = await person.call("agent.delete", { wallet, confirm, endSessions });
    print(output, { deleted: { ...lost, ...done } }, [
      `${lost.name} is deleted.`,
      ...(done.cardRemoved ? ["Its directory card was taken off the relay."] : []),
    ]);
  });
}

function lossWords(lost: AgentLosses): string[] {
  const { name, cryptoId, messages, unread, queued, sessions, handles } = lost;
  const lines = [
    messages === null
      ? `${name} (${cryptoId}): its vault does not open, so what is in it is not known.`
      : `${name} (${cryptoId}): ${messages} messages, ${unread} unread, ${queued} not sent yet.`,
    "All of it is removed, with its keys: without a backup (tinyplace export) nobody can be this agent again.",
  ];
  if (handles.length > 0) {
    lines.push(
      `${handles.join(", ")} would go on standing for it: give it back first (tinyplace handle release).`,
    );
  }
  if (sessions.length > 0) lines.push(`Live sessions: ${sessions.join(", ")}.`);
  return lines;
}

/** What a person types, or the first line of standard input. */
async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<never>((_, reject) => lines.once("close", () => reject(nothing())));
    return (await Promise.race([lines.question(question), ended])).trim();
  } finally {
    lines.close();
  }
}

function nothing(): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    "No name was given, so nothing was deleted.",
    "Type it, or name it with --confirm.",
  );
}

function print(output: Output, value: object, lines: readonly string[]): void {
  output.result(value, () => {
    for (const line of lines) output.line(line);
  });
}
