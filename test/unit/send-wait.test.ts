import { expect, test } from "vitest";
import type { Person } from "../../electron/bridge/person.ts";
import { conclude } from "../../electron/bridge/send-command.ts";
import { Output } from "../../electron/bridge/terminal/output.ts";
import { currentRung, type Rung } from "../../shared/model/ladder.ts";
import type { SentMessage } from "../../shared/model/sent.ts";

function sentAt(...rungs: Rung[]): SentMessage {
  const ladder = rungs.map((rung) => ({ rung, at: "2026-09-01T00:00:00.000Z" }));
  return {
    ...{ id: "msg-000000000000000001", to: "peer", via: "local" },
    ...{ fromSession: null, toSession: null, problem: null },
    ...{ ladder, state: currentRung(ladder) },
  };
}

test("U5 send --wait tells each step once, also one below those that were told", async () => {
  // Its session ended before it read it: it is held after it was in an inbox.
  const looks = [
    sentAt("queued", "held", "inbox"),
    sentAt("queued", "held", "inbox", "pushed"),
    sentAt("queued", "held", "inbox", "pushed", "read"),
  ];
  const call = async () => ({ sent: looks.shift(), answer: null });
  const person = { isOwnerHere: false, call } as unknown as Person;
  const told: string[] = [];
  const output = new Output(
    false,
    { write: () => undefined },
    { write: (text) => told.push(text.split(" ")[0] as string) },
    {},
  );
  await conclude(person, output, {
    agent: { name: "me", cryptoId: "me" },
    sent: sentAt("queued", "inbox"),
    options: { wait: "read", timeout: 60 },
  });
  expect(told).toEqual(["queued", "inbox", "held", "pushed", "read"]);
});
