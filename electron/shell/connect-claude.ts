import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";

const PATIENCE_MS = 60_000;
/** An application started from a dock or menu has not the PATH of a terminal. */
const USUAL_FOLDERS = [
  join(homedir(), ".local", "bin"),
  join(homedir(), ".claude", "local"),
  "/opt/homebrew/bin",
  "/usr/local/bin",
];

/**
 * Runs `claude` with `words`, which name this installation, over what was there under its name.
 * @throws `not_allowed` when Claude Code is not found, or refuses: with its own words
 */
export async function connectClaude(words: readonly string[]): Promise<void> {
  const claude = findClaude(process.env.PATH);
  if (claude === null) {
    throw new TinyplaceError(
      "not_allowed",
      "Claude Code was not found on this machine.",
      "Install it, or run the command below where you have it.",
    );
  }
  // An earlier installation may stand there under this name; that there is none is no failure.
  await run(claude, ["mcp", "remove", "tinyplace", "--scope", "user"]);
  const { code, output } = await run(claude, words);
  if (code === 0) return;
  throw new TinyplaceError(
    "not_allowed",
    `Claude Code did not take it: ${output.trim().slice(0, 400) || `it ended with ${code}`}`,
    "Run the command below yourself to see more.",
  );
}

function findClaude(path: string | undefined): string | null {
  const name = process.platform === "win32" ? "claude.exe" : "claude";
  const folders = [...(path ?? "").split(delimiter).filter(Boolean), ...USUAL_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Without a shell: nothing in a path is read as a command. */
function run(
  program: string,
  words: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE_MS,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    child.once("error", (error) => resolve({ code: null, output: error.message }));
    child.once("close", (code) => resolve({ code, output }));
  });
}
