import { describe, expect, test } from "vitest";
import { chooseLabel, type LabelState } from "../../electron/daemon/label-choice.ts";
import {
  place,
  type Routable,
  type RoutingPolicy,
  type RoutingRules,
} from "../../electron/daemon/router.ts";
import { compareLabels } from "../../shared/labels/labels.ts";

const live = (...labels: string[]) =>
  labels.map((label) => ({ label, harnessSessionId: `h-${label}` }));
const rules = (
  policy: RoutingPolicy = "primary",
  changes: Partial<RoutingRules> = {},
): RoutingRules => ({
  policy,
  paused: false,
  redirect: () => null,
  gate: () => "deliver",
  ...changes,
});
const message = (changes: Partial<Routable> = {}): Routable => ({
  toSession: null,
  asker: null,
  localSender: null,
  releasedTo: null,
  ...changes,
});

describe("R1 placement", () => {
  test("a live target gets it, an absent one makes it held", () => {
    const to = message({ toSession: "claude:2" });
    expect(place(to, live("claude:1", "claude:2"), rules("primary"))).toEqual({
      kind: "deliver",
      labels: ["claude:2"],
    });
    expect(place(to, live("claude:1"), rules("broadcast"))).toEqual({
      kind: "hold",
      toSession: "claude:2",
      reason: "session_not_live",
    });
  });

  test("untargeted mail follows the policy", () => {
    const sessions = live("claude:10", "claude:2", "mine");
    expect(place(message(), sessions, rules("primary"))).toMatchObject({ labels: ["claude:2"] });
    expect(place(message(), sessions, rules("broadcast"))).toMatchObject({
      labels: ["claude:2", "claude:10", "mine"],
    });
    expect(place(message(), sessions, rules("drop"))).toEqual({ kind: "drop" });
  });

  test("R5 what a person released is that session's, whatever the rules say, and waits for it", () => {
    const asker = { harnessSessionId: "h-claude:2", label: "claude:2" };
    const released = message({ toSession: "claude:3", asker, releasedTo: "claude:1" });
    const strict = rules("drop", { gate: () => "ask", redirect: () => "claude:2" });
    expect(place(released, live("claude:1", "claude:2"), strict)).toEqual({
      kind: "deliver",
      labels: ["claude:1"],
    });
    const waiting = { kind: "hold", toSession: "claude:1", reason: "session_not_live" };
    expect(place(released, live("claude:2"), strict)).toEqual(waiting);
    const paused = rules("primary", { paused: true });
    expect(place(released, live("claude:1"), paused)).toMatchObject({ reason: "paused" });
  });

  test("R2 with nobody live it is held", () => {
    expect(place(message(), [], rules("primary"))).toMatchObject({ reason: "no_session_live" });
  });

  test("R4 an answer goes to who asked, whatever its label is now", () => {
    const answer = message({
      toSession: "claude:1",
      asker: { harnessSessionId: "h-claude:3", label: "claude:1" },
    });
    expect(place(answer, live("claude:1", "claude:3"), rules("primary"))).toMatchObject({
      labels: ["claude:3"],
    });
    expect(place(answer, live("claude:1"), rules("primary"))).toMatchObject({ kind: "hold" });
  });

  test("R7 a session's own untargeted mail is not given back to it", () => {
    const own = message({ localSender: "claude:1" });
    expect(place(own, live("claude:1", "claude:2"), rules("primary"))).toMatchObject({
      labels: ["claude:2"],
    });
    expect(place(own, live("claude:1"), rules("primary"))).toMatchObject({ kind: "hold" });
  });
});

test("R6 labels sort by number", () => {
  const sorted = ["claude:10", "claude:2", "claude:1", "a", "claude:02"].sort(compareLabels);
  expect(sorted).toEqual(["a", "claude:1", "claude:02", "claude:2", "claude:10"]);
});

describe("S2 label choice", () => {
  const state = (changes: Partial<LabelState> = {}): LabelState => ({
    isLive: (one) => one === "claude:1",
    before: () => null,
    isReserved: () => false,
    ...changes,
  });
  const ask = { label: null, pinned: false, harnessSessionId: "h", held: null };

  test("asked for, else held before, else the lowest free one", () => {
    expect(chooseLabel({ ...ask, label: "mine" }, state())).toBe("mine");
    expect(chooseLabel(ask, state({ before: () => "claude:5" }))).toBe("claude:5");
    expect(chooseLabel(ask, state({ before: () => "claude:1" }))).toBe("claude:2");
    expect(chooseLabel(ask, state())).toBe("claude:2");
  });

  test("S2 a live session keeps its label, unless it gets the one it asks for", () => {
    const holding = { ...ask, held: "mine" };
    const others = state({ isLive: (one) => one !== "free", before: () => "free" });
    expect(chooseLabel(holding, others)).toBe("mine");
    expect(chooseLabel({ ...holding, label: "mine", pinned: true }, others)).toBe("mine");
    expect(chooseLabel({ ...holding, label: "claude:1" }, others)).toBe("mine");
    expect(chooseLabel({ ...holding, label: "free" }, others)).toBe("free");
  });

  test("R4 a label with another session's mail is not given out by itself", () => {
    expect(chooseLabel(ask, state({ isReserved: (one) => one === "claude:2" }))).toBe("claude:3");
  });

  test("S5 a pinned label that is held, and a bad one, are clear errors", () => {
    const pinned = { ...ask, label: "claude:1", pinned: true };
    expect(() => chooseLabel(pinned, state())).toThrow(/holds the label/);
    expect(() => chooseLabel({ ...ask, label: "no spaces" }, state())).toThrow(
      /not a session label/,
    );
  });
});
