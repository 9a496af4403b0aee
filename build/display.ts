import { spawn } from "node:child_process";

/**
 * Test files that run side by side, each on a display of its own. One more than the cores of a small
 * machine: most of the time one of them waits for a process that it started, or for a timer.
 */
export const DISPLAYS = 3;

export interface Display {
  /** For DISPLAY. */
  readonly name: string;
  close(): Promise<void>;
}

/** An X server of one run alone, on a free display number that it chooses itself. */
export async function startDisplay(): Promise<Display> {
  const words = ["-displayfd", "3", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"];
  const server = spawn("Xvfb", words, { stdio: ["ignore", "ignore", "ignore", "pipe"] });
  const closed = new Promise<void>((resolve) => server.once("close", () => resolve()));
  process.once("exit", () => server.kill());
  const number = await new Promise<string>((resolve, reject) => {
    server.once("error", () => reject(new Error("The tests need Xvfb, which is not installed.")));
    server.once("exit", (code) => reject(new Error(`Xvfb ended at once with ${code}.`)));
    server.stdio[3]?.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
  return {
    name: `:${number}`,
    close: () => {
      server.kill();
      return closed;
    },
  };
}
