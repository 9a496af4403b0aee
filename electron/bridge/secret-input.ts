import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { readPassphraseFile } from "../platform/passphrase-file.ts";

/** Where a person's secrets come from: never the command line, which others can read. */
export interface SecretInput {
  /** Null: there is nothing more. A new one is asked for twice where it is typed. */
  secret(what: string, isNew: boolean): Promise<string | null>;
}

/** A terminal, unseen; else the lines of standard input. */
export function secretInput(): SecretInput {
  return process.stdin.isTTY ? new Terminal() : new Lines();
}

/** From the file where one is named. Throws `bad_request` when there is nothing. */
export async function readSecret(
  input: SecretInput,
  what: string,
  { file, isNew = false }: { file: string | undefined; isNew?: boolean },
): Promise<string> {
  const secret = file === undefined ? await input.secret(what, isNew) : readPassphraseFile(file);
  if (secret) return secret;
  throw new TinyplaceError(
    "bad_request",
    `${what}: nothing was given.`,
    "Name a file with it, or write it to standard input, a line for each.",
  );
}

class Lines implements SecretInput {
  private lines: string[] | null = null;

  async secret(): Promise<string | null> {
    this.lines ??= (await text(process.stdin)).split(/\r?\n/);
    return this.lines.shift() ?? null;
  }
}

/** Asks without showing what is typed; a new passphrase twice. */
class Terminal implements SecretInput {
  async secret(what: string, isNew: boolean): Promise<string> {
    const typed = await this.ask(what);
    if (!isNew || (await this.ask(`${what}, once more`)) === typed) return typed;
    throw new TinyplaceError(
      "bad_request",
      "The two passphrases are not the same.",
      "Try again. Nothing was changed.",
    );
  }

  private async ask(what: string): Promise<string> {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
    process.stderr.write(`${what}: `);
    try {
      return await lines.question("");
    } finally {
      lines.close();
      process.stderr.write("\n");
    }
  }
}
