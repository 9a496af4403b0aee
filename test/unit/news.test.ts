import { expect, test } from "vitest";
import { news } from "../../electron/shell/news.ts";
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
