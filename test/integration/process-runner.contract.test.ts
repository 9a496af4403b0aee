import { describe, expect, test } from "vitest";
import {
  MAX_OUTPUT,
  type ProcessRequest,
  type ProcessRunner,
  systemProcesses,
} from "../../electron/platform/process-runner.ts";
import { MemoryProcesses } from "../fakes/memory-processes.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** A program that does as its first word says. */
const SCRIPT = `
  const [word] = process.argv.slice(1);
  if (word === "hang") setInterval(() => {}, 1000);
  else if (word === "flood") process.stdout.write("x".repeat(2 * ${MAX_OUTPUT}));
  else {
    let text = "";
    process.stdin.on("data", (data) => { text += data; });
    process.stdin.on("end", () => {
      process.stdout.write(text + " in " + process.env.PLACE);
      process.stderr.write("a complaint");
      process.exitCode = 3;
    });
  }
`;

interface Made {
  readonly time: ManualTime;
  readonly runner: ProcessRunner;
  request(word: string): ProcessRequest;
}

const makers: Record<string, () => Made> = {
  systemProcesses: () => {
    const time = new ManualTime();
    return {
      time,
      runner: systemProcesses(time),
      request: (word) => ({
        ...request(word),
        command: word === "none" ? "/no/such" : process.execPath,
        words: ["-e", SCRIPT, word],
      }),
    };
  },
  MemoryProcesses: () => {
    const time = new ManualTime();
    const runner = new MemoryProcesses(time, ({ words, input, env }, killed) => {
      if (words[0] === "none") return null;
      if (words[0] === "hang") return killed.then(() => ({ code: 0 }));
      if (words[0] === "flood")
        return Promise.resolve({ code: 0, output: "x".repeat(2 * MAX_OUTPUT) });
      const output = `${input} in ${env.PLACE}`;
      return Promise.resolve({ code: 3, output, errors: "a complaint" });
    });
    return { time, runner, request };
  },
};

function request(word: string): ProcessRequest {
  const env = { PLACE: "here" };
  return {
    command: "any",
    words: [word],
    cwd: temporaryHome(),
    env,
    input: "words",
    timeoutMs: 1000,
  };
}

describe.each(Object.entries(makers))("%s", (_, make) => {
  test("gives the input, and what the program printed with its code", async () => {
    const { runner, request } = make();
    const end = await runner.run(request("echo")).ended;
    expect(end).toEqual({ how: "ended", code: 3, output: "words in here", errors: "a complaint" });
  });

  test("ends a program when it is asked to, and when its time is over", async () => {
    const { runner, request, time } = make();
    const stopped = runner.run(request("hang"));
    expect(stopped.pid).not.toBeNull();
    stopped.stop();
    expect(await stopped.ended).toMatchObject({ how: "stopped", code: null });
    const late = runner.run(request("hang"));
    time.advance(999);
    time.advance(1);
    expect(await late.ended).toMatchObject({ how: "timeout", code: null });
  });

  test("keeps the beginning of a long output", async () => {
    const { runner, request } = make();
    const end = await runner.run(request("flood")).ended;
    expect([end.how, end.code, end.output.length]).toEqual(["ended", 0, MAX_OUTPUT]);
  });

  test("says when there is no such program", async () => {
    const { runner, request } = make();
    const none = runner.run(request("none"));
    expect(none.pid).toBeNull();
    expect(await none.ended).toMatchObject({ how: "not_started", code: null });
  });
});
