import { expect, test } from "vitest";
import { removed, requested } from "../../electron/relay/server/contact-rules.ts";
import { Contacts } from "../../electron/relay/store/jetstream/contacts.ts";
import { Records } from "../../electron/relay/store/jetstream/records.ts";
import { Random } from "../crash/harness/random.ts";
import { ShuffledBucket } from "../fakes/shuffled-bucket.ts";

const ROUNDS = 300;
const act = { self: "eve", other: "bob", at: "2027-01-15T08:00:00.000Z" };

/** One relay of the fleet. */
const relayOver = (bucket: ShuffledBucket) => {
  const contacts = new Contacts(new Records(bucket.kv));
  return {
    contactsOf: (agent: string) => contacts.contactsOf(agent),
    request: () => contacts.change("eve", "bob", (current) => requested(current, act)),
    remove: () => contacts.change("eve", "bob", (current) => removed(current, act)),
  };
};

test("N4 a request that was taken back is in nobody's list any more", async () => {
  const bucket = new ShuffledBucket(new Random(1));
  const relay = relayOver(bucket);
  await bucket.until(relay.request());
  expect([bucket.kept("of.bob"), bucket.kept("of.eve")]).toEqual([["eve"], ["bob"]]);
  await bucket.until(relay.remove());
  expect([bucket.kept("of.bob"), bucket.kept("of.eve")]).toEqual([null, null]);
});

test("N3 whichever of two relays comes first, who has an edge is listed, and nobody else", async () => {
  for (let seed = 0; seed < ROUNDS; seed++) {
    const random = new Random(seed);
    const bucket = new ShuffledBucket(random);
    const atOne = async () => {
      const relay = relayOver(bucket);
      for (let n = 0; n < 4; n++) await (random.chance(0.5) ? relay.request() : relay.remove());
    };
    await bucket.until(Promise.all([atOne(), atOne()]));
    const listed = bucket.kept("edge.bob.eve") ? [["eve"], ["bob"]] : [null, null];
    expect([bucket.kept("of.bob"), bucket.kept("of.eve")], `seed ${seed}`).toEqual(listed);
  }
});
