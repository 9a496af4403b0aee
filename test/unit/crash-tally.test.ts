import { describe, expect, test } from "vitest";
import { type Offer, type Received, Tally } from "../crash/harness/tally.ts";

const NOTHING = { lost: 0, duplicated: 0, out_of_order: 0, stuck: 0 };
const calm: Offer = { brokenBefore: 0, brokenAfter: 0, at: 0 };

function message(text: string, id: string, marks: Partial<Received> = {}): Received {
  return { id, text, redelivered: false, late: false, ...marks };
}

/** A tally in which a1 sent so many messages to b1, all accepted; with their bodies. */
function sent(count: number): { tally: Tally; bodies: string[] } {
  const tally = new Tally();
  const bodies = Array.from({ length: count }, () => tally.attempt("a1", "b1", 3));
  for (const [index, body] of bodies.entries()) tally.accepted(body, `m${index}`);
  return { tally, bodies };
}

const give = (tally: Tally, body: string | undefined, id: string, offer = calm, marks = {}) =>
  tally.received("b1", message(body ?? "", id, marks), offer);

describe("what the crash harness counts", () => {
  test("all given once and in order is right", async () => {
    const { tally, bodies } = sent(3);
    for (const [index, body] of bodies.entries()) give(tally, body, `m${index}`);
    expect(await tally.drained(0)).toBe(true);
    expect(tally.counts()).toEqual({ ...NOTHING, sent: 3, delivered: 3 });
    expect(tally.problems).toEqual([]);
  });

  test("what was accepted and never given is lost, or stuck", async () => {
    const { tally, bodies } = sent(2);
    give(tally, bodies[0], "m0");
    expect(await tally.drained(1)).toBe(false);
    expect(tally.outstanding()).toEqual([{ from: "a1", id: "m1", words: "a1>b1 number 2 (m1)" }]);
    tally.giveUp("lost");
    expect(tally.counts()).toEqual({ ...NOTHING, sent: 2, delivered: 1, lost: 1 });
    const other = sent(1).tally;
    other.giveUp("stuck");
    expect(other.counts()).toMatchObject({ lost: 0, stuck: 1 });
  });

  test("an attempt without an answer may have happened or not", async () => {
    const tally = new Tally();
    const [first, second] = [tally.attempt("a1", "b1", 0), tally.attempt("a1", "b1", 0)];
    expect(await tally.drained(0)).toBe(true);
    give(tally, second, "m2");
    tally.giveUp("lost");
    expect(tally.counts()).toEqual({ ...NOTHING, sent: 1, delivered: 1 });
    // But it comes in its order, and once.
    give(tally, first, "m1");
    give(tally, first, "m1");
    expect(tally.counts()).toMatchObject({ duplicated: 1, out_of_order: 1 });
  });

  test("a drain ends when the last one arrives", async () => {
    const { tally, bodies } = sent(1);
    const drained = tally.drained(60_000);
    give(tally, bodies[0], "m0");
    expect(await drained).toBe(true);
  });

  test("given again without the mark is a duplicate, whatever broke", () => {
    const { tally, bodies } = sent(1);
    give(tally, bodies[0], "m0");
    give(tally, bodies[0], "m0", { brokenBefore: 1, brokenAfter: 1, at: 10 });
    expect(tally.counts().duplicated).toBe(1);
  });

  test("the mark needs a reason: the session's own bridge that broke, however long ago it was given", () => {
    const again = (offer: Offer) => {
      const { tally, bodies } = sent(1);
      give(tally, bodies[0], "m0");
      give(tally, bodies[0], "m0", offer, { redelivered: true });
      return tally.counts().duplicated;
    };
    expect(again({ brokenBefore: 0, brokenAfter: 0, at: 10 })).toBe(1);
    expect(again({ brokenBefore: 0, brokenAfter: 1, at: 10 })).toBe(0);
    expect(again({ brokenBefore: 0, brokenAfter: 0, at: 60_000 })).toBe(1);
  });

  test("order is judged between two sessions, and not for what a repair sent again", () => {
    const { tally, bodies } = sent(3);
    const elsewhere = tally.attempt("a1", "b2", 0);
    tally.accepted(elsewhere, "m9");
    tally.received("b2", message(elsewhere, "m9"), calm);
    give(tally, bodies[2], "m2");
    give(tally, bodies[0], "m0");
    give(tally, bodies[1], "m1", calm, { late: true });
    expect(tally.counts()).toEqual({ ...NOTHING, sent: 4, delivered: 4, out_of_order: 1 });
  });

  test("what nobody sent, another's mail and another id are told", () => {
    const { tally, bodies } = sent(2);
    give(tally, "x".repeat(3), "m7");
    tally.received("b2", message(bodies[0] ?? "", "m0"), calm);
    give(tally, bodies[1], "m8");
    expect(tally.problems).toEqual([
      'b1 was given "xxx" (m7)',
      'b2 was given "a1>b1 1 xxx" (m0)',
      "a1>b1 number 2 (m1) arrived under the id m8",
    ]);
  });
});
