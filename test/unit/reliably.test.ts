import { JetStreamApiError } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import { expect, test } from "vitest";
import { Records } from "../../electron/relay/store/jetstream/records.ts";
import { isConflict, reliably } from "../../electron/relay/store/jetstream/reliably.ts";

/** What a cluster answers: an HTTP-like status, and its own number of the error. */
const refusal = (code: number, err_code: number, description: string) =>
  new JetStreamApiError({ code, err_code, description });

const underWay = () => refusal(400, 10164, "wrong last sequence");

/** What it comes to where these are the answers before, and the attempts it takes. */
async function askedThrough(answers: readonly Error[]) {
  const attempts: number[] = [];
  const made = await reliably(async (attempt) => {
    attempts.push(attempt);
    const answer = answers[attempt];
    if (answer) throw answer;
    return "made";
  });
  return { made, attempts };
}

test("N3 a cluster that has not met its nodes yet is asked again, as one without a leader is", async () => {
  const answers = [
    refusal(400, 10005, "no suitable peers for placement"),
    refusal(503, 10008, "JetStream system temporarily unavailable"),
  ];
  expect(await askedThrough(answers)).toEqual({ made: "made", attempts: [0, 1, 2] });
});

test("N3 what another write is ahead of is asked again while that one is under way", async () => {
  const answers = [underWay(), refusal(409, 10158, "duplicate message id is in process")];
  expect(await askedThrough(answers)).toEqual({ made: "made", attempts: [0, 1, 2] });
  // It may yet come to nothing, so it is nobody's reason to say that something is there.
  expect(answers.map(isConflict)).toEqual([false, false]);
});

test("N3 a record is changed behind another change, in whatever way a server says that", async () => {
  const answers = [underWay(), refusal(400, 10071, "wrong last sequence: 7")];
  const kept = ["before", "theirs"].map((value, n) => {
    return { operation: "PUT", revision: n + 6, json: () => value };
  });
  const kv = {
    get: async () => kept.shift() ?? null,
    put: async (_key: string, _text: string, { previousSeq = 0 }) => {
      const answer = answers.shift();
      if (answer) throw answer;
      return previousSeq;
    },
  } as unknown as KV;
  const change = new Records(kv).change<string>("key", (current) => `${current}, changed`);
  expect(await change).toBe("theirs, changed");
});

test("what a cluster refuses is thrown as it is, and not asked again", async () => {
  const refused = refusal(400, 10052, "stream configuration is not valid");
  let asked = 0;
  const ask = async () => {
    asked++;
    throw refused;
  };
  await expect(reliably(ask)).rejects.toBe(refused);
  expect(asked).toBe(1);
});
