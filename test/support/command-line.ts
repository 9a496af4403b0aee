import { runProgram } from "./processes.ts";

/** What a command printed and how it ended. */
interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLine {
  (...words: string[]): Promise<Ran>;
  /** With `--json`: the result of a command that must end well. */
  json<T = Record<string, unknown>>(...words: string[]): Promise<T>;
  /** With `--json`: how a command fails, whose stdout must stay empty. */
  fails(
    ...words: string[]
  ): Promise<{ exit: number | null; code: string; error: string; next: string }>;
}

/** `tinyplace ... --home HOME`, as a person types it. */
export function commandLine(
  home: string,
  { env = {}, input = "" }: { env?: Record<string, string>; input?: string } = {},
): CommandLine {
  const run = (...words: string[]) => runProgram([...words, "--home", home], env, input);
  return Object.assign(run, {
    json: async <T>(...words: string[]) => {
      const { code, stdout, stderr } = await run(...words, "--json");
      if (code !== 0) throw new Error(`tinyplace ${words.join(" ")} ended with ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
    fails: async (...words: string[]) => {
      const { code, stdout, stderr } = await run(...words, "--json");
      if (stdout !== "") throw new Error(`tinyplace ${words.join(" ")} printed ${stdout}`);
      return {
        exit: code,
        ...(JSON.parse(stderr) as { code: string; error: string; next: string }),
      };
    },
  });
}
