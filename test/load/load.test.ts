import { expect, test } from "vitest";
import { TINYPLACE } from "../support/programs.ts";
import { Ledger } from "./ledger.ts";
import { runLoad } from "./run-load.ts";

/** Longer than the run waits for what is on its way. */
const PATIENCE_MS = 300_000;
const options = { agents: 40, rate: 60, kill: true, program: TINYPLACE, say: () => undefined };

test(
  "N3 a relay and a NATS node are killed under load: nothing is lost or doubled",
  async () => {
    const report = await runLoad({ ...options, relays: 2, nats: 3, seconds: 9 });
    expect(report).toMatchObject({ kills: 2, sent: 540, accepted: 540, delivered: 540 });
    expect(report).toMatchObject({ lost: 0, duplicated: 0 });
  },
  PATIENCE_MS,
);

test(
  "N2 a relay over SQLite is killed under load: nothing is lost or doubled",
  async () => {
    const report = await runLoad({ ...options, relays: 1, nats: 0, seconds: 4 });
    expect(report).toMatchObject({ kills: 1, sent: 240, accepted: 240, delivered: 240 });
    expect(report).toMatchObject({ lost: 0, duplicated: 0 });
  },
  PATIENCE_MS,
);

test("the load's ledger sees what is lost, doubled, and given again for good reason", () => {
  const ledger = new Ledger();
  for (const id of ["a", "b", "c", "d"]) ledger.due(id, 0);
  for (const id of ["a", "b", "c"]) ledger.accept(id);
  ledger.page(["a", "a", "b"], 10);
  ledger.remove(["a"]);
  ledger.page(["a", "b"], 30);
  expect(ledger.settled()).toBe(false);
  expect(ledger.counts()).toMatchObject({
    sent: 4,
    accepted: 3,
    delivered: 2,
    lost: 1,
    duplicated: 2,
    redelivered: 1,
    p50_ms: 10,
  });
});
