import {
  MAX_OUTPUT,
  type ProcessEnd,
  type ProcessRequest,
  type ProcessRunner,
  type RunningProcess,
} from "../../electron/platform/process-runner.ts";
import type { Timers } from "../../shared/pacing/timers.ts";

/** What a scripted program does; `killed` resolves when it is to end. Null: there is no such program. */
export type ScriptedProgram = (
  request: ProcessRequest,
  killed: Promise<void>,
) => Promise<{ code: number; output?: string; errors?: string }> | null;

/** The twin of systemProcesses: programs are functions of the test. */
export class MemoryProcesses implements ProcessRunner {
  /** Everything that was run, in order. */
  readonly requests: ProcessRequest[] = [];
  private readonly program: ScriptedProgram;
  private readonly timers: Timers;

  constructor(timers: Timers, program: ScriptedProgram) {
    this.timers = timers;
    this.program = program;
  }

  run(request: ProcessRequest): RunningProcess {
    this.requests.push(request);
    let how: ProcessEnd["how"] = "ended";
    let kill = (): void => undefined;
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const end = (why: "stopped" | "timeout") => {
      if (how !== "ended") return;
      how = why;
      kill();
    };
    // Before the program hears of it: a killed one has no exit code.
    const signalled = killed.then(() => null);
    const program = this.program(request, killed);
    if (!program) {
      const ended = { how: "not_started", code: null, output: "", errors: "" } as const;
      return { pid: null, ended: Promise.resolve(ended), stop: () => undefined };
    }
    const cancel = this.timers.after(request.timeoutMs, () => end("timeout"));
    const ended = Promise.race([signalled, program]).then((result): ProcessEnd => {
      cancel();
      const output = (result?.output ?? "").slice(0, MAX_OUTPUT);
      const errors = (result?.errors ?? "").slice(0, MAX_OUTPUT);
      return { how, code: result?.code ?? null, output, errors };
    });
    return { pid: this.requests.length, ended, stop: () => end("stopped") };
  }
}
