import { describe, expect, test } from "vitest";
import { triageHandlers } from "../../electron/daemon/triage-calls.ts";
import { Bench } from "../support/agents.ts";

const HOUR = 3600 * 1000;
const GRACE = 2_000;
const texts = (mail: readonly { text: string }[]) => mail.map((one) => one.text);

async function talking() {
  const bench = await Bench.start();
  const [a, b] = await bench.pair();
  const writer = await a.session("claude:1");
  return { bench, a, b, writer };
}

describe("R4 mail follows the session", () => {
  test("unread untargeted mail of an ended session is routed again, its own waits for it", async () => {
    const { bench, a, b, writer } = await talking();
    const first = await b.session("claude:1", "one");
    const second = await b.session("claude:2", "two");
    await a.send(writer, b, "for anybody");
    await a.send(writer, b, "for the first", { toSession: "claude:1" });
    await b.until(() => b.unread("claude:1").length === 2);
    b.endSession(first);
    bench.time.advance(GRACE);
    await b.until((agent) => agent.summary().holds === 1);
    expect(texts(await b.read(second))).toEqual(["for anybody"]);
    const held = b.vault.sql("SELECT reason, to_session FROM hold").all();
    expect(held).toEqual([{ reason: "session_ended", to_session: "claude:1" }]);
    // It is not given to a stranger by number; it comes back with its session.
    expect((await b.session(null, "three")).label).toBe("claude:3");
    const back = await b.session("claude:1", "one");
    expect(texts(await b.read(back))).toEqual(["for the first"]);
  });

  test("a session that is back within a moment keeps all its mail", async () => {
    const { bench, a, b, writer } = await talking();
    const first = await b.session("claude:1", "one");
    await b.session("claude:2", "two");
    await a.send(writer, b, "for anybody");
    await b.until(() => b.unread("claude:1").length === 1);
    b.endSession(first);
    await b.session("claude:1", "one");
    bench.time.advance(GRACE);
    await b.agent.drain();
    expect(b.unread("claude:1")).toEqual(["for anybody"]);
    expect(b.agent.summary().holds).toBe(0);
  });

  test("after a restart, mail of sessions that do not come back is routed again", async () => {
    const { bench, a, b, writer } = await talking();
    await b.session("claude:1", "one");
    await a.send(writer, b, "for anybody");
    await b.until(() => b.unread("claude:1").length === 1);
    await b.crash();
    await b.start();
    const second = await b.session("claude:2", "two");
    bench.time.advance(30_000);
    await b.until(() => b.unread("claude:2").length === 1);
    expect(texts(await b.read(second))).toEqual(["for anybody"]);
    expect(b.unread("claude:1")).toEqual([]);
  });

  test("what was handed out before its session ended is marked as offered again", async () => {
    const { bench, a, b, writer } = await talking();
    const first = await b.session("claude:1", "one");
    await b.session("claude:2", "two");
    await a.send(writer, b, "maybe read");
    await b.until(() => b.unread("claude:1").length === 1);
    const rows = b.vault.sql("SELECT id FROM delivery").all<{ id: number }>();
    await b.vault.write(() =>
      b.vault.sql("UPDATE delivery SET offered_at = 1 WHERE id = ?").run([rows[0]?.id as number]),
    );
    b.endSession(first);
    bench.time.advance(GRACE);
    await b.until(() => b.unread("claude:2").length === 1);
    const offered = b.vault.sql("SELECT label, offered_at FROM delivery").all();
    expect(offered).toEqual([{ label: "claude:2", offered_at: 1 }]);
  });

  test("a session that takes another label takes its unread mail along", async () => {
    const { a, b, writer } = await talking();
    await b.session("claude:1", "one");
    await a.send(writer, b, "before", { toSession: "claude:1" });
    await b.until(() => b.unread("claude:1").length === 1);
    const renamed = await b.session("tests", "one");
    expect(texts(await b.read(renamed))).toEqual(["before"]);
    expect(b.unread("claude:1")).toEqual([]);
  });

  test("R4 a session takes mail along when it changes its label, and not whenever it attaches", async () => {
    const { a, b, writer } = await talking();
    await b.session("claude:1", "one");
    await b.session("tests", "one");
    const second = await b.session(null, "two");
    expect(second.label).toBe("claude:1");
    await a.send(writer, b, "for the second", { toSession: "claude:1" });
    await b.until(() => b.unread("claude:1").length === 1);
    // Its bridge reconnects; in that moment the first one attaches again.
    b.endSession(second);
    await b.session(null, "one");
    await b.session("claude:1", "two");
    expect([b.unread("tests"), b.unread("claude:1")]).toEqual([[], ["for the second"]]);
  });

  test("S2 a session that asks for a label that is taken keeps the one it has", async () => {
    const { a } = await talking();
    await a.session("api", "two");
    const asked = await a.session("api", "a-claude:1");
    expect([asked.label, asked.peers.size]).toEqual(["claude:1", 2]);
  });

  test("a label whose session waits for an answer is not given to another by number", async () => {
    const { a, b, writer } = await talking();
    const asked = await b.session("claude:1", "one");
    const question = await b.send(asked, a, "a question", { toSession: "claude:1" });
    b.endSession(asked);
    expect((await b.session(null, "other")).label).toBe("claude:2");
    expect((await b.session(null, "one")).label).toBe("claude:1");
    await a.until(() => a.unread("claude:1").length === 1);
    await a.send(writer, b, "the answer", { inReplyTo: question });
    await b.until(() => b.unread("claude:1").length === 1);
  });

  test("R4 nor is the label of a session without an id of its harness", async () => {
    const { a, b, writer } = await talking();
    const asked = await b.session("claude:1", null);
    const question = await b.send(asked, a, "a question");
    b.endSession(asked);
    expect((await b.session(null, "other")).label).toBe("claude:2");
    await a.until(() => a.unread("claude:1").length === 1);
    await a.send(writer, b, "the answer", { inReplyTo: question });
    await b.until((agent) => agent.summary().holds === 1);
    expect(texts(await b.read(await b.session("claude:1", null)))).toEqual(["the answer"]);
  });
});

describe("R3 held messages", () => {
  test("are discarded and taken back within 30 days", async () => {
    const { bench, a, b, writer } = await talking();
    await a.send(writer, b, "for nine", { toSession: "claude:9" });
    await b.until((agent) => agent.summary().holds === 1);
    const seq = b.vault.sql("SELECT message FROM hold").get<{ message: number }>()?.message ?? 0;
    expect(await b.agent.mailroom.discard(seq)).toBe(true);
    expect(await b.agent.mailroom.discard(seq)).toBe(false);
    await b.session("claude:9");
    expect(b.unread("claude:9")).toEqual([]);
    expect(await b.agent.mailroom.undiscard(seq)).toBe(true);
    await b.until(() => b.unread("claude:9").length === 1);
    await a.send(writer, b, "for eight", { toSession: "claude:8" });
    await b.until((agent) => agent.summary().holds === 1);
    const next = b.vault.sql("SELECT message FROM hold").get<{ message: number }>()?.message ?? 0;
    await b.agent.mailroom.discard(next);
    bench.time.jump(31 * 24 * HOUR);
    expect(await b.agent.mailroom.undiscard(next)).toBe(false);
  });

  test("a rule sends mail for a label that is not live to another, and looks at holds", async () => {
    const { a, b, writer } = await talking();
    const reader = await b.session("claude:1");
    await a.send(writer, b, "for build", { toSession: "build" });
    await b.until((agent) => agent.summary().holds === 1);
    await b.agent.decided(b.agent.decisions.setRedirect("build", "claude:1"));
    expect(texts(await b.read(reader))).toEqual(["for build"]);
    const build = await b.session("build", "b");
    await a.send(writer, b, "live again", { toSession: "build" });
    await b.until(() => b.unread("build").length === 1);
    expect(texts(await b.read(build))).toEqual(["live again"]);
  });

  test("what a person gives to a session says so", async () => {
    const { a, b, writer } = await talking();
    const reader = await b.session("claude:1");
    await a.send(writer, b, "for nine", { toSession: "claude:9" });
    await b.until((agent) => agent.summary().holds === 1);
    const seq = b.vault.sql("SELECT message FROM hold").get<{ message: number }>()?.message ?? 0;
    await b.agent.mailroom.assign(seq, "claude:1");
    const rows = b.vault.sql("SELECT released FROM delivery").all();
    expect(rows).toEqual([{ released: 1 }]);
    expect(texts(await b.read(reader))).toEqual(["for nine"]);
  });
});

describe("R5 contact by session policy", () => {
  const rule = (peer: string, label: string, action: "deliver" | "hold" | "ask" | "refuse") => ({
    peer,
    label,
    action,
    quietFrom: null,
    quietTo: null,
  });

  test("the most particular decision counts: hold, ask first, refuse, deliver", async () => {
    const { bench, a, b, writer } = await talking();
    await b.session("claude:1");
    await b.session("claude:2");
    const { decisions } = b.agent;
    await b.agent.decided(decisions.setRule(rule(a.id, "", "hold")));
    await b.agent.decided(decisions.setRule(rule(a.id, "claude:2", "deliver")));
    await a.send(writer, b, "held", { toSession: "claude:1" });
    await a.send(writer, b, "through", { toSession: "claude:2" });
    await b.until(() => b.unread("claude:2").length === 1);
    expect(b.unread("claude:1")).toEqual([]);
    expect(b.vault.sql("SELECT reason FROM hold").all()).toEqual([{ reason: "policy_hold" }]);
    // A changed mind counts for what is held, too.
    await b.agent.decided(decisions.setRule(rule(a.id, "", "ask")));
    expect(b.vault.sql("SELECT reason FROM hold").all()).toEqual([{ reason: "ask_first" }]);
    await b.agent.decided(decisions.removeRule(a.id, ""));
    expect(b.unread("claude:1")).toEqual(["held"]);

    await b.agent.decided(decisions.setRule(rule("", "", "refuse")));
    const id = await a.send(writer, b, "unwanted", { toSession: "claude:1" });
    await b.until(
      () => b.vault.sql("SELECT count(*) AS n FROM message").get<{ n: number }>()?.n === 3,
    );
    bench.time.advance(300);
    await a.until((agent) => agent.sent(id).state === "refused");
    expect(b.unread("claude:1")).toEqual(["held"]);
  });

  test("what a person released stays its session's when that ends and comes back", async () => {
    const { bench, a, b, writer } = await talking();
    const reader = await b.session("claude:1", "one");
    const other = await b.session("claude:2", "two");
    const { decisions, mailroom } = b.agent;
    await b.agent.decided(decisions.setRule(rule("", "", "ask")));
    const id = await a.send(writer, b, "may I");
    await b.until((agent) => agent.summary().holds === 1);
    const seq = b.vault.sql("SELECT message FROM hold").get<{ message: number }>()?.message ?? 0;
    await mailroom.assign(seq, "claude:1");
    b.endSession(reader);
    bench.time.advance(GRACE);
    await b.until((agent) => agent.summary().holds === 1);
    // Meanwhile no other session reads or takes it; discarded and taken back it is what it was.
    const context = { signal: new AbortController().signal };
    const calls = triageHandlers(
      () => ({ agent: b.agent, session: other }),
      () => null,
    );
    const listed = await calls["holds.list"]({ claim: [] }, context);
    expect(listed.holds).toMatchObject([{ id, text: "", claimable: false }]);
    await expect(calls["holds.list"]({ claim: [id] }, context)).rejects.toMatchObject({
      code: "not_allowed",
      message: expect.stringMatching(/gave .* to claude:1/),
    });
    await mailroom.discard(seq);
    await mailroom.undiscard(seq);
    await b.session("claude:1", "one");
    const deliveries = b.vault.sql("SELECT label, released FROM delivery").all();
    expect(deliveries).toEqual([{ label: "claude:1", released: 1 }]);
    expect(b.agent.summary().holds).toBe(0);
  });

  test("what a person released is marked so, too, when its session confirms it only while it is held", async () => {
    const { bench, a, b, writer } = await talking();
    const reader = await b.session("claude:1", "one");
    await a.send(writer, b, "for nine", { toSession: "claude:9" });
    await b.until((agent) => agent.summary().holds === 1);
    const seq = b.vault.sql("SELECT message FROM hold").get<{ message: number }>()?.message ?? 0;
    await b.agent.mailroom.assign(seq, "claude:1");
    const { deliveries } = await b.agent.mailroom.hand(b.agent.mailroom.freeUnread("claude:1", 1));
    b.endSession(reader);
    bench.time.advance(GRACE);
    await b.until((agent) => agent.summary().holds === 1);
    await b.agent.mailroom.confirm(deliveries, "claude:1");
    expect(b.vault.sql("SELECT released FROM delivery").all()).toEqual([{ released: 1 }]);
  });

  test("quiet hours hold until they end, also over midnight", async () => {
    const { bench, a, b, writer } = await talking();
    await b.session("claude:1");
    const now = new Date(bench.time.now());
    const minute = now.getHours() * 60 + now.getMinutes();
    const quiet = {
      ...rule("", "", "deliver"),
      quietFrom: minute,
      quietTo: (minute + 60) % 1440,
    };
    await b.agent.decided(b.agent.decisions.setRule(quiet));
    await a.send(writer, b, "not now");
    await b.until((agent) => agent.summary().holds === 1);
    expect(b.vault.sql("SELECT reason FROM hold").all()).toEqual([{ reason: "quiet_hours" }]);
    bench.time.advance(HOUR + 60_000);
    await b.until(() => b.unread("claude:1").length === 1);
  });

  test("what holds a message once its rule is gone is said: that nobody is there", async () => {
    const { a, b, writer } = await talking();
    const { decisions } = b.agent;
    await b.agent.decided(decisions.setRule(rule(a.id, "", "ask")));
    await a.send(writer, b, "for nobody", { toSession: "claude:9" });
    await b.until((agent) => agent.summary().holds === 1);
    const reasons = () => b.vault.sql("SELECT reason FROM hold").all();
    expect(reasons()).toEqual([{ reason: "ask_first" }]);
    await b.agent.decided(decisions.removeRule(a.id, ""));
    expect(reasons()).toEqual([{ reason: "session_not_live" }]);
  });

  test("U1 while paused, mail from outside is held and the agent's own is not", async () => {
    const { a, b, writer } = await talking();
    const [one] = [await b.session("claude:1"), await b.session("claude:2")];
    await b.agent.decided(b.agent.decisions.setPaused(true));
    await a.send(writer, b, "from outside");
    await b.send(one, b, "from inside", { toSession: "claude:2" });
    await b.until((agent) => agent.summary().holds === 1);
    expect(b.unread("claude:2")).toEqual(["from inside"]);
    expect(b.unread("claude:1")).toEqual([]);
    // Decisions outlive the program.
    await b.crash();
    await b.start();
    expect(b.agent.decisions.paused).toBe(true);
    await b.session("claude:1");
    expect(b.unread("claude:1")).toEqual([]);
    await b.agent.decided(b.agent.decisions.setPaused(false));
    expect(b.unread("claude:1")).toEqual(["from outside"]);
  });

  test("R1 broadcast gives every live session a delivery of its own", async () => {
    const { a, b, writer } = await talking();
    await b.session("claude:1");
    await b.session("claude:2");
    await b.agent.decided(b.agent.decisions.setPolicy("broadcast"));
    await a.send(writer, b, "all hands");
    await b.until(() => b.unread("claude:2").length === 1);
    expect(b.unread("claude:1")).toEqual(["all hands"]);
  });
});
