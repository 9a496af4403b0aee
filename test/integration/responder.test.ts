import { describe, expect, test, vi } from "vitest";
import { AnswerPool, poolSize } from "../../electron/daemon/responder/answer-pool.ts";
import { forcedState } from "../../electron/daemon/responder/decision.ts";
import { activity } from "../../electron/vault/activity-table.ts";
import { answerJobCount, answerJobs, lastAnswerRun } from "../../electron/vault/answer-table.ts";
import { holdCount } from "../../electron/vault/hold-table.ts";
import { unreadDeliveries } from "../../electron/vault/mail-table.ts";
import { Bench, befriend, type Party } from "../support/agents.ts";
import { answering, COST_USD, obedient, printed } from "../support/answering.ts";

const PATIENT = { timeout: 60_000 };
const UNREAD_MS = 120_000;
const ALONE_MS = 30_000;

/** Two agents with a session each, in one conversation. */
async function start() {
  const bench = await Bench.start();
  const [a, b] = await bench.pair();
  const [asker, asked] = [await a.session("claude:1"), await b.session("claude:1")];
  const arrived = (count: number) => b.until(() => b.unread("claude:1").length === count);
  return { bench, time: bench.time, a, b, asker, asked, arrived };
}

const mailOf = (party: Party, label = "claude:1") => unreadDeliveries(party.vault, label, 1000);
const jobs = (party: Party, state: Parameters<typeof answerJobCount>[1]) =>
  answerJobCount(party.vault, state);
/** Resolves when nothing is being looked at, so that what did not happen will not. */
const settled = async (party: Party) => {
  await party.vault.write(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  await party.vault.write(() => undefined);
};

describe("X1 what is answered", () => {
  test("X1 mail unread for 120 s: from the label it was for, to the session that asked, and it stays in the inbox", async () => {
    const { time, a, b, asker, arrived } = await start();
    const { processes } = await answering(b);
    const id = await a.send(asker, b, "are you there?");
    await arrived(1);
    time.advance(UNREAD_MS - 1);
    await settled(b);
    expect(processes.requests).toHaveLength(0);
    time.advance(1);
    await a.until(() => mailOf(a).length === 1);
    expect(mailOf(a)[0]).toMatchObject({
      text: "by itself",
      auto: 1,
      in_reply_to: id,
      from_session: "claude:1",
      to_session: "claude:1",
    });
    expect(a.agent.sent(id).state).toBe("answered");
    expect(b.unread("claude:1")).toEqual(["are you there?"]);
    // The session that reads it later is told so.
    const { messages } = await b.agent.mailroom.hand(mailOf(b));
    expect(messages).toMatchObject([{ id, autoAnswer: mailOf(a)[0]?.id }]);
    await vi.waitFor(() => expect(jobs(b, "running")).toBe(0), PATIENT);
    expect(activity(b.vault, 100).map(({ kind }) => kind)).toContain("auto_answered");
    // Once for each message.
    time.advance(10 * UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(1);
    expect(jobs(b, "answered")).toBe(1);
  });

  test("X1 nothing, until it is turned on; then mail that came before is, too", async () => {
    const { time, a, b, asker, arrived } = await start();
    const { responder, processes } = await answering(b, { settings: { on: false } });
    await a.send(asker, b, "hello");
    await arrived(1);
    time.advance(10 * UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(0);
    expect(responder.standing).toEqual({ state: "off", reason: "not_turned_on" });
    await responder.change({ on: true });
    await a.until(() => mailOf(a).length === 1);
    expect(responder.standing).toEqual({ state: "on", reason: "turned_on" });
  });

  test("X1 what was read or answered in time is not, and what is read meanwhile is stopped", async () => {
    const { time, a, b, asker, asked, arrived } = await start();
    const { processes } = await answering(b, {
      script: async ({ killed }) => {
        await killed;
        return { code: 1 };
      },
    });
    await a.send(asker, b, "read");
    await arrived(1);
    await b.read(asked);
    const id = await a.send(asker, b, "answered");
    await arrived(1);
    await b.send(asked, a, "yes", { inReplyTo: id, toSession: "claude:1" });
    time.advance(UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(0);
    await b.read(asked);
    await a.send(asker, b, "read meanwhile");
    await arrived(1);
    time.advance(UNREAD_MS);
    await vi.waitFor(() => expect(processes.requests).toHaveLength(1), PATIENT);
    await b.read(asked);
    await vi.waitFor(() => expect(jobs(b, "dropped")).toBe(1), PATIENT);
    await vi.waitFor(() => expect(jobs(b, "running")).toBe(0), PATIENT);
  });

  test("X1 held mail, once no session was there for a while; not what waits for the person's word", async () => {
    const { time, a, b, asker, asked } = await start();
    const { processes } = await answering(b);
    b.endSession(asked);
    const id = await a.send(asker, b, "anybody?");
    await b.until(() => holdCount(b.vault) === 1);
    time.advance(ALONE_MS - 1);
    await settled(b);
    expect(processes.requests).toHaveLength(0);
    time.advance(1);
    await a.until(() => mailOf(a).length === 1);
    expect(mailOf(a)[0]).toMatchObject({ auto: 1, in_reply_to: id, from_session: null });
    // It still waits for a session.
    expect(holdCount(b.vault)).toBe(1);
    const rule = { peer: a.id, label: "", action: "ask", quietFrom: null, quietTo: null } as const;
    await b.agent.decided(b.agent.decisions.setRule(rule));
    await a.send(asker, b, "ask first");
    await b.until(() => holdCount(b.vault) === 2);
    time.advance(UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(1);
  });

  test("X1 mail between two sessions of one agent is, as any other", async () => {
    const { time, b, asked } = await start();
    const second = await b.session("claude:2");
    await answering(b);
    const id = await b.send(second, b, "and you?", { toSession: "claude:1" });
    time.advance(UNREAD_MS);
    await b.until(() => mailOf(b, "claude:2").length === 1);
    expect(mailOf(b, "claude:2")[0]).toMatchObject({
      in_reply_to: id,
      auto: 1,
      from_session: asked.label,
    });
    expect(b.agent.sent(id).state).toBe("answered");
  });

  test("X1 a child's answer goes to who asked, whatever it says, and not once it is settled", async () => {
    const { time, a, b, asker, arrived } = await start();
    const refusals: unknown[] = [];
    const refused = (thrown: unknown) => refusals.push((thrown as { code: string }).code);
    const { children } = await answering(b, {
      script: async (child) => {
        await child.answer("leak", { to: b.id }).catch(refused);
        await child.answer("leak", { toSession: "claude:2" }).catch(refused);
        await child.answer("fine");
        // The same call again, as a bridge that reconnects repeats it.
        await child.answer("fine");
        await child.answer("another").catch(refused);
        return { code: 0, output: printed() };
      },
    });
    await a.send(asker, b, "hello");
    await arrived(1);
    time.advance(UNREAD_MS);
    await a.until(() => mailOf(a).length === 1);
    await vi.waitFor(() => expect(jobs(b, "running")).toBe(0), PATIENT);
    expect(refusals).toEqual(["not_allowed", "not_allowed", "bad_request"]);
    expect(mailOf(a).map(({ text }) => text)).toEqual(["fine"]);
    await expect(children[0]?.answer("late")).rejects.toMatchObject({ code: "bad_request" });
  });
});

describe("X2 what keeps it from running away", () => {
  test("X2 two agents that both answer by themselves do not loop: 100 messages, 100 answers", async () => {
    const { time, a, b, asker, arrived } = await start();
    const settings = { peerPerHour: 1000, conversation: 1000 };
    const [first, second] = [await answering(a, { settings }), await answering(b, { settings })];
    for (let n = 1; n <= 100; n++) await a.send(asker, b, `question ${n}`);
    await arrived(100);
    time.advance(UNREAD_MS);
    await a.until(() => mailOf(a).length === 100);
    // As long again and longer: nobody answers what was answered automatically.
    for (let minute = 0; minute < 30; minute++) {
      time.advance(60_000);
      await settled(a);
      await settled(b);
    }
    expect(first.processes.requests).toHaveLength(0);
    expect(second.processes.requests).toHaveLength(100);
    expect(new Set(mailOf(a).map(({ in_reply_to }) => in_reply_to)).size).toBe(100);
    expect(b.unread("claude:1")).toHaveLength(100);
  });

  test("X2 no more at once than the pool has places, over all agents", async () => {
    const { time, a, b, asker, asked, arrived } = await start();
    const pool = new AnswerPool(2);
    const release: (() => void)[] = [];
    const slow = {
      pool,
      script: async (child: Parameters<typeof obedient>[0]) => {
        await new Promise<void>((resolve) => release.push(resolve));
        return obedient(child);
      },
    };
    const [left, right] = [await answering(a, slow), await answering(b, slow)];
    pool.onFree = () => {
      left.responder.look();
      right.responder.look();
    };
    for (const n of [1, 2, 3]) await a.send(asker, b, `to b ${n}`);
    for (const n of [1, 2, 3]) await b.send(asked, a, `to a ${n}`);
    await arrived(3);
    await a.until(() => mailOf(a).length === 3);
    time.advance(UNREAD_MS);
    for (let done = 0; done < 6; done++) {
      await vi.waitFor(() => expect(release.length).toBe(Math.min(6, done + 2)), PATIENT);
      await settled(a);
      await settled(b);
      expect(release.length).toBe(Math.min(6, done + 2));
      release[done]?.();
    }
    await a.until(() => mailOf(a).length === 6);
    await b.until(() => mailOf(b).length === 6);
  });

  test("X2 a day costs no more than its limit, as Claude Code itself counts it", async () => {
    const { time, a, b, asker, arrived } = await start();
    const settings = { dailyLimitUsd: 3.5 * COST_USD, peerPerHour: 1000, conversation: 1000 };
    const { responder, processes } = await answering(b, { settings });
    for (let n = 1; n <= 5; n++) await a.send(asker, b, `question ${n}`);
    await arrived(5);
    time.advance(UNREAD_MS);
    await a.until(() => mailOf(a).length === 3);
    await settled(b);
    expect(processes.requests).toHaveLength(3);
    expect(responder.spentTodayUsd).toBeCloseTo(3 * COST_USD);
    const [waiting] = answerJobs(b.vault, "waiting", 1);
    expect(waiting && responder.whyWaiting(waiting)).toBe("daily_limit");
    // Each is told how much it may cost: what is under way is within the limit, too.
    const budgets = processes.requests.map(({ words }) =>
      Number(words[words.indexOf("--max-budget-usd") + 1]),
    );
    expect(budgets[0]).toBeCloseTo(3.5 * COST_USD);
    expect(budgets[2]).toBeCloseTo(1.5 * COST_USD);
    await responder.change({ dailyLimitUsd: 1 });
    await a.until(() => mailOf(a).length === 5);
  });

  test("X2 one agent is answered so often an hour, and one conversation so often in a row", async () => {
    const { time, a, b, asker, asked, arrived } = await start();
    const settings = { peerPerHour: 4, conversation: 2 };
    const { responder, processes } = await answering(b, { settings });
    for (let n = 1; n <= 6; n++) await a.send(asker, b, `question ${n}`);
    await arrived(6);
    time.advance(UNREAD_MS);
    await a.until(() => mailOf(a).length === 2);
    await settled(b);
    const why = () => {
      const [job] = answerJobs(b.vault, "waiting", 1);
      return job && responder.whyWaiting(job);
    };
    expect(why()).toBe("conversation_limit");
    await b.send(asked, a, "I am here", { toSession: "claude:1" });
    await a.until(() => mailOf(a).length === 5);
    await settled(b);
    expect(processes.requests).toHaveLength(4);
    await b.send(asked, a, "still here", { toSession: "claude:1" });
    await settled(b);
    expect(why()).toBe("peer_rate");
    time.advance(3_600_001);
    await a.until(() => mailOf(a).length === 8);
    expect(processes.requests).toHaveLength(6);
  });

  test("X2 a sender who floods keeps nobody else waiting", async () => {
    const { bench, time, a, b, asker, arrived } = await start();
    const other = bench.party("c");
    await other.start();
    await befriend(other, b);
    const third = await other.session("claude:1");
    const settings = { peerPerHour: 2, conversation: 1000 };
    await answering(b, { settings });
    for (let n = 1; n <= 60; n++) await a.send(asker, b, `flood ${n}`);
    await arrived(60);
    await other.send(third, b, "a quiet question");
    await arrived(61);
    time.advance(UNREAD_MS);
    await other.until(() => mailOf(other).length === 1);
    await a.until(() => mailOf(a).length === 2);
  });

  test("X2 failures are kept with their output, tried again later and later, then by hand", async () => {
    const { time, a, b, asker, arrived } = await start();
    let works = false;
    const { responder, processes } = await answering(b, {
      script: async (child) =>
        works ? obedient(child) : { code: 1, output: "", errors: "Invalid API key" },
    });
    await a.send(asker, b, "hello");
    await arrived(1);
    time.advance(UNREAD_MS);
    const tried = (count: number) =>
      vi.waitFor(() => {
        expect(processes.requests).toHaveLength(count);
        expect(responder.runningCount).toBe(0);
      }, PATIENT);
    await tried(1);
    for (const [count, rest] of [
      [1, 30_000],
      [2, 120_000],
    ] as const) {
      await settled(b);
      time.advance(rest - 1);
      await settled(b);
      await tried(count);
      time.advance(60_001);
      await tried(count + 1);
    }
    await vi.waitFor(() => expect(jobs(b, "failed")).toBe(1), PATIENT);
    const [failure] = answerJobs(b.vault, "failed", 1);
    const job = failure?.seq ?? 0;
    expect(lastAnswerRun(b.vault, job)).toEqual({
      problem: "Claude Code ended with 1.",
      output: "Invalid API key",
    });
    expect(activity(b.vault, 100).map(({ kind }) => kind)).toContain("auto_failed");
    time.advance(24 * 3_600_000 - 10 * UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(3);
    works = true;
    await responder.retry(job);
    await a.until(() => mailOf(a).length === 1);
    await expect(responder.retry(job)).rejects.toMatchObject({ code: "bad_request" });
    // What did not say what it cost has cost all that it might.
    expect(responder.spentTodayUsd).toBeGreaterThan(COST_USD);
  });

  test("X2 a child that ends without an answer has failed", async () => {
    const { time, a, b, asker, arrived } = await start();
    await answering(b, { script: async () => ({ code: 0, output: printed() }) });
    await a.send(asker, b, "hello");
    await arrived(1);
    time.advance(UNREAD_MS);
    await vi.waitFor(() => {
      const [job] = answerJobs(b.vault, "waiting", 1);
      expect(job && lastAnswerRun(b.vault, job.seq)?.problem).toBe("It ended without an answer.");
    }, PATIENT);
  });

  test("X2 a stop ends what runs and begins nothing, until it is turned on again", async () => {
    const { time, a, b, asker, arrived } = await start();
    let obeys = false;
    let ended = 0;
    const { responder, processes } = await answering(b, {
      forced: "on",
      script: async (child) => {
        if (obeys) return obedient(child);
        await child.killed;
        ended++;
        return { code: 1 };
      },
    });
    for (const n of [1, 2, 3]) await a.send(asker, b, `question ${n}`);
    await arrived(3);
    time.advance(UNREAD_MS);
    await vi.waitFor(() => expect(processes.requests).toHaveLength(2), PATIENT);
    await responder.stop();
    expect([ended, responder.runningCount]).toEqual([2, 0]);
    expect(responder.standing).toEqual({ state: "off", reason: "stopped" });
    time.advance(10 * UNREAD_MS);
    await settled(b);
    expect(processes.requests).toHaveLength(2);
    expect(jobs(b, "waiting")).toBe(3);
    obeys = true;
    await responder.change({ on: true });
    await a.until(() => mailOf(a).length === 3);
  });

  test("X2 what a crash cut off is answered by the child that outlived it, or again, and once", async () => {
    for (const outlives of [true, false]) {
      const { time, a, b, asker, arrived } = await start();
      const before = await answering(b, {
        script: async ({ killed }) => {
          await killed;
          return { code: 1 };
        },
      });
      const id = await a.send(asker, b, "hello");
      await arrived(1);
      time.advance(UNREAD_MS);
      await vi.waitFor(() => expect(before.responder.runningCount).toBe(1), PATIENT);
      const token = before.children[0]?.token ?? "";
      await b.crash();
      await b.start();
      const after = await answering(b);
      const orphan = { token, to: null, toSession: null, inReplyTo: null };
      if (outlives) await after.responder.answer({ ...orphan, body: "from before" });
      time.advance(60_000);
      await a.until(() => mailOf(a).length === 1);
      await vi.waitFor(() => expect(jobs(b, "answered")).toBe(1), PATIENT);
      if (!outlives) {
        // Another attempt has taken its place.
        expect(await after.responder.answer({ ...orphan, body: "from before" })).toBeNull();
      }
      time.advance(10 * UNREAD_MS);
      await settled(b);
      expect(mailOf(a).map(({ text, in_reply_to }) => [text, in_reply_to])).toEqual([
        [outlives ? "from before" : "by itself", id],
      ]);
      expect(after.processes.requests).toHaveLength(outlives ? 0 : 1);
    }
  });
});

test("X1 TINYPLACE_AUTORESPOND stands before what is set, TINYPLACE_AUTORESPOND_POOL says how many", async () => {
  const read = (word?: string) =>
    forcedState(word === undefined ? {} : { TINYPLACE_AUTORESPOND: word });
  expect([read("on"), read("off"), read(), read("yes")]).toEqual(["on", "off", null, null]);
  const size = (word: string) => poolSize({ TINYPLACE_AUTORESPOND_POOL: word });
  expect(["1", "8", "0", "many", "", "2.5", "65"].map(size)).toEqual([1, 8, 2, 2, 2, 2, 2]);
  const { b } = await start();
  const off = await answering(b, { forced: "off", settings: { on: true } });
  expect(off.responder.standing).toEqual({ state: "off", reason: "environment" });
  const on = await answering(b, { forced: "on", settings: { on: false } });
  expect(on.responder.standing).toEqual({ state: "on", reason: "environment" });
  await b.agent.decided(b.agent.decisions.setPaused(true));
  expect(on.responder.standing).toEqual({ state: "off", reason: "paused" });
});
