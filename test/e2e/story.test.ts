import { expect, test } from "vitest";
import { runClaude, toolName } from "../support/claude-code.ts";
import { startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet } from "../support/two-homes.ts";

type Message = { id: string; text: string; from: string; fromSession: string };
const command = [process.execPath, process.env.TINYPLACE_TEST_CLI ?? ""];
const call = (tool: string, input: Record<string, unknown>) => ({ tool: toolName(tool), input });

/**
 * One story over real Claude Code processes: targeted, broadcast and held mail, a question that is
 * answered, and the application killed and started again in the middle.
 */
test("M1 a session never notices that the application was killed: every message once", async () => {
  const home = temporaryHome();
  const env = { TINYPLACE_UNROUTED_POLICY: "broadcast", TINYPLACE_KEYSTORE: "file" };
  let daemon = await startDaemon(home, env);
  const setup = await startBridge(home);
  const planner = await createWallet(setup, "planner");
  const reviewer = await createWallet(setup, "reviewer");
  const live = async () =>
    ((await setup.call("sessions")).sessions as { label: string }[]).map((one) => one.label);
  await setup.call("use", { name: "reviewer", label: "watcher" });

  /** Reads until it has what it waits for, and answers the question. */
  const reader = (label: string, until: readonly string[]) => {
    const read: Message[] = [];
    const answered: string[] = [];
    const finished = runClaude({
      command,
      home,
      wallet: "reviewer",
      label,
      script: (results) => {
        const { reply, messages } = (results.at(-1) ?? {}) as {
          reply?: Message | null;
          messages?: Message[];
        };
        read.push(...(messages ?? []), ...(reply ? [reply] : []));
        const question = read.find((one) => one.text === "a question");
        if (question && answered.length === 0) {
          answered.push(question.id);
          return call("send", {
            to: question.from,
            to_session: question.fromSession,
            in_reply_to: question.id,
            body: "an answer",
          });
        }
        if (until.every((text) => read.some((one) => one.text === text))) return { say: "done" };
        return call("await_reply", { from: planner, timeout_seconds: 5 });
      },
    });
    return { read, finished };
  };
  const one = reader("claude:1", ["to all", "a question"]);
  const two = reader("claude:2", ["to all", "for two"]);
  await expect.poll(live).toEqual(["claude:1", "claude:2", "watcher"]);
  await setup.call("use", { name: "planner", label: "watcher" });

  const asked = await runClaude({
    command,
    home,
    wallet: "planner",
    label: "claude:1",
    script: async (results) => {
      const steps = [
        call("send", { to: reviewer, to_session: "claude:2", body: "for two" }),
        call("send", { to: reviewer, body: "to all" }),
        call("send", { to: reviewer, to_session: "claude:9", body: "for nine" }),
        call("send_and_wait", {
          to: reviewer,
          to_session: "claude:1",
          body: "a question",
          timeout_seconds: 60,
        }),
      ];
      if (results.length === 3) {
        await daemon.stop("SIGKILL");
        daemon = await startDaemon(home, env);
      }
      return steps[results.length] ?? { say: JSON.stringify(results.at(-1)) };
    },
  });
  expect(JSON.parse(asked)).toMatchObject({
    reply: { text: "an answer", fromSession: "claude:1" },
  });
  await Promise.all([one.finished, two.finished]);
  const texts = (mail: readonly Message[]) => mail.map((message) => message.text).sort();
  expect(texts(one.read)).toEqual(["a question", "to all"]);
  expect(texts(two.read)).toEqual(["for two", "to all"]);

  const nine = await runClaude({
    command,
    home,
    wallet: "reviewer",
    label: "claude:9",
    script: (results) =>
      results.length === 0 ? call("inbox", {}) : { say: JSON.stringify(results[0]) },
  });
  expect(JSON.parse(nine)).toMatchObject({ count: 1, messages: [{ text: "for nine" }] });
}, 300_000);
