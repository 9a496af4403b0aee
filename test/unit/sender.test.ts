import { expect, test } from "vitest";
import type { RelayWire } from "../../electron/relay/client/relay-wire.ts";
import { Sender } from "../../electron/relay/client/sender.ts";
import type { RelayEnvelope } from "../../electron/relay/wire.ts";

const KIB = 1024;

/** A line that carries so many bytes a second, and breaks after 30 s; `batches` are what it was given. */
function slowLine(bytesPerSecond: number) {
  const line = { time: 0, bytesPerSecond, batches: [] as number[] };
  const wire: RelayWire = {
    url: "http://relay",
    close: async () => undefined,
    send: async (_method, _uri, body) => {
      const { envelopes } = body as { envelopes?: RelayEnvelope[] };
      const all = envelopes ?? [body as RelayEnvelope];
      line.batches.push(all.length);
      const bytes = all.reduce((sum, one) => sum + one.body.length, 0);
      const seconds = bytes / line.bytesPerSecond;
      line.time += Math.min(30, seconds) * 1000;
      if (seconds > 30) throw new Error("the line broke");
      const results = all.map(({ id }) => ({ id, status: 200 }));
      return { status: 200, body: envelopes ? { results } : all[0] };
    },
  };
  return { line, sender: new Sender(wire, () => line.time) };
}

function envelopes(count: number, bytes: number): RelayEnvelope[] {
  return Array.from({ length: count }, (_, n) => ({
    ...{ id: `m${n}`, from: "a", to: "b", timestamp: "", deviceId: 1, type: "CIPHERTEXT" },
    body: "x".repeat(bytes),
  }));
}

/** Offers again what was not taken; how many times it was offered until all of it was. */
async function offer(sender: Sender, all: readonly RelayEnvelope[]): Promise<number> {
  let left = all;
  for (let times = 1; times < 30; times++) {
    const outcomes = await sender.put(left).catch(() => []);
    left = left.slice(outcomes.filter((one) => one.accepted).length);
    if (left.length === 0) return times;
  }
  return Number.POSITIVE_INFINITY;
}

test("D3 batches become smaller until they get through, and then no larger than the line carries", async () => {
  const { line, sender } = slowLine(20 * KIB);
  // 150 s of this line, in all.
  expect(await offer(sender, envelopes(100, 30 * KIB))).toBe(4);
  expect(line.batches.slice(0, 3)).toEqual([100, 50, 25]);
  // Broken off three times, and never again.
  expect(line.time).toBe(150_000 + 3 * 30_000);
});

test("D3 batches are large again on a fast line", async () => {
  const { line, sender } = slowLine(20 * KIB);
  await offer(sender, envelopes(100, 30 * KIB));
  line.bytesPerSecond = 1e9;
  line.batches = [];
  await offer(sender, envelopes(400, 30 * KIB));
  expect(line.batches.at(-2)).toBe(100);
  expect(line.batches.reduce((sum, one) => sum + one, 0)).toBe(400);
});
