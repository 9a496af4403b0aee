import { describe, expect, test } from "vitest";
import { judge, type LogLine, type Probe } from "./judge.ts";
import { race } from "./race.ts";

test("L1 eight processes race for a data folder: one owner at every moment", async () => {
  const result = await race(8, 5);
  expect(result).toMatchObject({ rounds: 5, double_owners: 0, no_owner: 0 });
});

describe("L1 the race's judge", () => {
  const rounds = [
    { killedAt: 0, killed: null, endedAt: 100 },
    { killedAt: 100, killed: 1, endedAt: 200 },
  ];
  const line = (at: number, pid: number, epoch: number): LogLine => ({ at, pid, epoch });
  const probe = (from: number, to: number, ...pids: number[]): Probe => ({ from, to, pids });
  const log = [line(10, 1, 1), line(90, 1, 1), line(100.5, 1, 1), line(130, 2, 2), line(190, 2, 2)];
  const seen = [probe(11, 12, 1), probe(95, 140, 1), probe(131, 132, 2)];
  const double = (lines: LogLine[], probes: Probe[]) => judge(rounds, lines, probes).double_owners;

  test("L1 counts nothing where one follows the other", () => {
    expect(judge(rounds, log, seen)).toEqual({ double_owners: 0, no_owner: 0, takeovers: [30] });
  });

  test("L1 counts a process once, however often the list of locks names it", () => {
    expect(double(log, [...seen, probe(110, 111, 2, 2), probe(131, 132, 2, 2)])).toBe(0);
  });

  test("L1 sees who claims beside the owner, who lives on, and who comes back", () => {
    expect(double([...log, line(50, 3, 3)], seen)).toBe(2);
    expect(double([...log, line(150, 1, 1)], seen)).toBe(1);
    expect(double([...log, line(150, 3, 3)], seen)).toBe(1);
    expect(double(log, [...seen, probe(20, 21, 3)])).toBe(1);
    expect(double(log, [...seen, probe(150, 151, 1)])).toBe(1);
    expect(double(log, [...seen, probe(110, 111, 2, 3)])).toBe(1);
    expect(double([line(10, 1, 2), line(130, 2, 2)], seen)).toBe(1);
  });

  test("L1 sees a round that nobody won", () => {
    expect(judge(rounds, [line(10, 1, 1), line(100.5, 1, 1)], [])).toMatchObject({ no_owner: 1 });
  });
});
