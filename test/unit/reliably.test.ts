import { JetStreamApiError } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import { reliably } from "../../electron/relay/store/jetstream/reliably.ts";

/** What a cluster answers: an HTTP-like status, and its own number of the error. */
const refusal = (code: number, err_code: number, description: string) =>
  new JetStreamApiError({ code, err_code, description });

test("N3 a cluster that has not met its nodes yet is asked again, as one without a leader is", async () => {
  const answers = [
    refusal(400, 10005, "no suitable peers for placement"),
    refusal(503, 10008, "JetStream system temporarily unavailable"),
  ];
  const attempts: number[] = [];
  const made = await reliably(async (attempt) => {
    attempts.push(attempt);
    const answer = answers[attempt];
    if (answer) throw answer;
    return "made";
  });
  expect(made).toBe("made");
  expect(attempts).toEqual([0, 1, 2]);
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
