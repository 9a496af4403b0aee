import fc from "fast-check";
import { expect, test } from "vitest";
import type { Session } from "../../electron/daemon/session-registry.ts";
import type { RelayTransport } from "../../electron/relay/transport.ts";
import { Bench, befriend, type Party } from "../support/agents.ts";
import { ManualTime } from "../support/manual-time.ts";
import { loadedThread } from "../support/ratchet-thread.ts";

/**
 * The whole delivery machine against a model of ten lines: whatever is done to it in between, in the
 * end every message that was accepted is in exactly one inbox, the named one where one was named, and
 * those of one session to one other in their order, but for what a repair sent again.
 */
const RUNS = Number(process.env.TINYPLACE_MODEL_RUNS ?? 12);
const LABELS = ["claude:1", "claude:2"];

interface Model {
  /** Text of each accepted message, to where it has to come. */
  readonly sent: Map<string, { to: string; label: string | null; from: string }>;
}

class Real {
  readonly bench: Bench;
  readonly parties: readonly [Party, Party];
  readonly live: Map<string, Session>[] = [new Map(), new Map()];
  /** Mail as it was read: per party and label, in order. */
  readonly read: { party: number; label: string; text: string; late: boolean }[] = [];
  readonly noise = { lostAnswers: 0, repeats: 0 };
  relayIsUp = true;
  count = 0;

  constructor(bench: Bench, parties: readonly [Party, Party]) {
    this.bench = bench;
    this.parties = parties;
  }

  async session(party: number, label: string): Promise<Session> {
    const live = this.live[party] as Map<string, Session>;
    const known = live.get(label);
    if (known) return known;
    const session = await this.party(party).session(label);
    live.set(label, session);
    return session;
  }

  async readAll(party: number, label: string): Promise<void> {
    const session = await this.session(party, label);
    for (const one of await this.party(party).read(session)) {
      this.read.push({ party, label: session.label, text: one.text, late: one.late });
    }
  }

  party(index: number): Party {
    return this.parties[index] as Party;
  }
}

type Step = (model: Model, real: Real) => Promise<void>;

const index = fc.nat({ max: 1 });
const label = fc.constantFrom(...LABELS);
const steps: fc.Arbitrary<[string, Step]>[] = [
  fc
    .tuple(index, index, label, fc.option(label), fc.integer({ min: 1, max: 6 }))
    .map(([from, to, fromLabel, toLabel, count]) => [
      `send ${count} from ${from} ${fromLabel} to ${to} ${toLabel}`,
      async (model, real) => {
        const writer = await real.session(from, fromLabel);
        for (let i = 0; i < count; i++) {
          const text = `m${String(real.count++).padStart(4, "0")}`;
          const options = toLabel === null ? {} : { toSession: toLabel };
          await real.party(from).send(writer, real.party(to), text, options);
          model.sent.set(text, {
            to: real.party(to).id,
            label: toLabel,
            from: `${from} ${fromLabel}`,
          });
        }
      },
    ]),
  fc
    .tuple(index, label)
    .map(([party, one]) => [`read ${party} ${one}`, (_model, real) => real.readAll(party, one)]),
  index.map((party) => [
    `crash ${party}`,
    async (_model, real) => {
      await real.party(party).crash();
      real.live[party]?.clear();
      await real.party(party).start({ online: false });
    },
  ]),
  index.map((party) => [
    `lose ratchet ${party}`,
    async (_model, real) => {
      const { vault } = real.party(party);
      await vault.write(() => vault.sql("DELETE FROM ratchet_session").run());
    },
  ]),
  fc.constant<[string, Step]>([
    "relay down or up",
    async (_model, real) => {
      if (real.relayIsUp) await real.bench.relayDown();
      else await real.bench.relayUp();
      real.relayIsUp = !real.relayIsUp;
    },
  ]),
  fc.integer({ min: 1, max: 3 }).map((count) => [
    `lose ${count} answers`,
    async (_model, real) => {
      real.noise.lostAnswers += count;
    },
  ]),
  fc.integer({ min: 1, max: 2 }).map((count) => [
    `repeat ${count} pages`,
    async (_model, real) => {
      real.noise.repeats += count;
    },
  ]),
  fc
    .integer({ min: 1, max: 400_000 })
    .map((ms) => [`wait ${ms} ms`, async (_model, real) => real.bench.time.advance(ms)]),
  index.map((party) => [`drain ${party}`, (_model, real) => real.party(party).agent.drain()]),
];

/** A relay whose answers get lost after it did what was asked, and that shows mail twice. */
function noisy(relay: RelayTransport, noise: Real["noise"]): RelayTransport {
  const lost = () => {
    if (noise.lostAnswers <= 0) return false;
    noise.lostAnswers--;
    return true;
  };
  return new Proxy(relay, {
    get(target, name) {
      const value = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return async (...words: unknown[]) => {
        const answer: unknown = await Reflect.apply(value, target, words);
        if ((name === "put" || name === "acknowledge") && lost()) throw new Error("answer lost");
        if (name !== "list" || noise.repeats <= 0) return answer;
        noise.repeats--;
        const page = answer as Awaited<ReturnType<RelayTransport["list"]>>;
        return { ...page, envelopes: [...page.envelopes, ...page.envelopes] };
      };
    },
  });
}

async function settle(model: Model, real: Real): Promise<void> {
  if (!real.relayIsUp) await real.bench.relayUp();
  real.noise.lostAnswers = 0;
  // A repair may have to wait for its cool-down, and a peer for the other's.
  for (let i = 0; i < 60; i++) {
    await Promise.all(real.parties.map((party) => party.agent.drain()));
    for (const party of [0, 1]) for (const one of LABELS) await real.readAll(party, one);
    if (real.read.length >= model.sent.size) break;
    real.bench.time.advance(60_000);
  }
  // Whatever would come twice had its chance.
  real.bench.time.advance(400_000);
  await Promise.all(real.parties.map((party) => party.agent.drain()));
  for (const party of [0, 1]) for (const one of LABELS) await real.readAll(party, one);
}

function judge(model: Model, real: Real): void {
  const texts = real.read.map((one) => one.text);
  expect([...texts].sort()).toEqual([...model.sent.keys()].sort());
  const last = new Map<string, string>();
  for (const { party, label: at, text, late } of real.read) {
    const sent = model.sent.get(text);
    expect(sent?.to).toBe(real.party(party).id);
    if (sent?.label) expect(`${text} ${at}`).toBe(`${text} ${sent.label}`);
    // Untargeted mail goes to whoever is first at that moment: it is ordered among itself.
    const way = `${sent?.from} to ${party} ${sent?.label ?? "any"} at ${at}`;
    if (!late) {
      expect(text > (last.get(way) ?? "")).toBe(true);
      last.set(way, text);
    }
  }
}

test("D1 R6 whatever happens, every message arrives exactly once and in order", async () => {
  const thread = await loadedThread(new ManualTime(), { begin: 1, ask: 1 });
  await fc.assert(
    fc
      .asyncProperty(
        fc.boolean(),
        fc.array(fc.oneof(...steps), { minLength: 4, maxLength: 25 }),
        async (threaded, list) => {
          const bench = await Bench.start();
          if (threaded) bench.ratchetThread = thread;
          const pair = [bench.party("a"), bench.party("b")] as const;
          const real = new Real(bench, pair);
          for (const party of pair) party.wrap = (relay) => noisy(relay, real.noise);
          try {
            await Promise.all(pair.map((party) => party.start()));
            await befriend(...pair);
            const model: Model = { sent: new Map() };
            for (const [, step] of list) await step(model, real);
            await settle(model, real);
            judge(model, real);
          } finally {
            await Promise.all(pair.map((party) => party.close()));
            await bench.relayDown();
          }
        },
      )
      .beforeEach(async (previous) => previous()),
    { numRuns: RUNS, endOnFailure: true, reporter: report },
  );
}, 300_000);

/** The steps by their names: what a counterexample is read by. */
function report(details: fc.RunDetails<[boolean, [string, Step][]]>): void {
  if (!details.failed) return;
  const names = details.counterexample?.[1].map(([name]) => name).join("\n  ");
  const cause = details.errorInstance instanceof Error ? details.errorInstance.message : "";
  const where = details.counterexample?.[0] ? "with" : "without";
  throw new Error(
    `seed ${details.seed}, ${where} a thread, after these steps:\n  ${names}\n${cause}`,
  );
}
