import { expect, test } from "vitest";
import { isWanted, news } from "../../electron/shell/news.ts";
import type { Place } from "../../shared/model/place.ts";
import { agent, snapshot } from "./renderer-fixtures.ts";

test("U4 notifications tell of new holds, contact requests and alarms, once, and lead to them", () => {
  const before = snapshot(1, [agent("a", { holds: 1, contactRequests: [{ agentId: "x" }] })]);
  const change = { handle: "@x", before: "1", now: "2", at: "2026-03-09T10:00:00.000Z" };
  const after = snapshot(2, [
    agent("a", {
      holds: 3,
      contactRequests: [{ agentId: "x" }, { agentId: "y" }],
      handleChanges: [change],
    }),
    agent("b", { holds: 1 }),
  ]);
  expect(news(before, after)).toMatchObject([
    { title: "2 messages are held", place: { view: "unrouted" } },
    { title: "A contact request", place: { view: "agent", agentId: "a" } },
    { title: "@x means another agent", place: { view: "agent", agentId: "a" } },
    { title: "A message is held", place: { view: "unrouted" } },
  ]);
  expect(news(after, after)).toEqual([]);
  // Fewer holds are no news, and a pause was the person's own wish.
  expect(news(after, before)).toEqual([]);
  expect(
    news(snapshot(1, [agent("a")]), snapshot(2, [agent("a", { holds: 5, paused: true })])),
  ).toEqual([]);
});

test("U4 nothing is told of an agent that was silenced, nor of what the person is looking at", () => {
  const [held, request, alarm] = news(
    snapshot(1, [agent("a")]),
    snapshot(2, [
      agent("a", {
        holds: 1,
        contactRequests: [{ agentId: "y" }],
        handleChanges: [{ handle: "@x", before: "1", now: "2", at: "2026-03-09T10:00:00.000Z" }],
      }),
    ]),
  );
  if (!held || !request || !alarm) throw new Error("three were expected");
  const wanted = (told: "everything" | "alarms" | "nothing", looksAt: Place | null = null) =>
    [held, request, alarm].map((one) => isWanted(one, { told: { a: told }, looksAt }));
  expect(wanted("everything")).toEqual([true, true, true]);
  expect(wanted("alarms")).toEqual([false, false, true]);
  expect(wanted("nothing")).toEqual([false, false, false]);
  expect([held, alarm].map((one) => isWanted(one, { told: {}, looksAt: null }))).toEqual([
    true,
    true,
  ]);
  expect(wanted("everything", { view: "unrouted" })).toEqual([false, true, true]);
  expect(wanted("everything", { view: "contacts" })).toEqual([true, false, false]);
  expect(wanted("everything", { view: "agent", agentId: "a" })).toEqual([true, false, false]);
  expect(wanted("everything", { view: "agent", agentId: "b" })).toEqual([true, true, true]);
});
