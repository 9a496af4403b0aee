import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { Receipts } from "../../electron/daemon/receipts.ts";
import { oweReceipt, peersOwedReceipts } from "../../electron/vault/receipt-table.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const SECOND = 1000;
const [KNOWN, UNKNOWN] = ["known-peer", "unknown-peer"];

/** Receipts of a real vault; a peer's capabilities are what the test says. */
function receiptsOf() {
  const time = new ManualTime();
  const identity = drawIdentity("receipts");
  const created = { ...identity, createdAt: time.now(), epoch: 1 };
  const vault = Vault.create(temporaryHome(), randomBytes(32), created);
  const asked: string[] = [];
  const woken: string[] = [];
  let relayAnswers = false;
  let hold: Promise<void> | null = null;
  const capabilities = {
    of: async (peer: string) => {
      asked.push(peer);
      await hold;
      return peer === KNOWN || relayAnswers ? ["receipts"] : null;
    },
  };
  const wake = (peer: string) => woken.push(peer);
  const receipts = new Receipts({ vault, capabilities, clock: time, timers: time, wake });
  onTestFinished(async () => {
    await receipts.close();
    vault.close();
  });
  return {
    ...{ time, receipts, asked, woken },
    owed: () => peersOwedReceipts(vault).sort(),
    owe: (peer: string, messageId: string) =>
      vault.write(() =>
        oweReceipt(vault, { peer, messageId, rung: "inbox", at: time.now(), label: null }),
      ),
    relayUp: () => {
      relayAnswers = true;
    },
    /** What is asked of a peer waits until this is called. */
    holdAnswers: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      hold = promise;
      return () => {
        hold = null;
        resolve();
      };
    },
  };
}

test("D6 what is owed to a peer that nothing is known of is tried again by itself", async () => {
  const { time, receipts, owe, owed, asked, woken, relayUp } = receiptsOf();
  await owe(UNKNOWN, "msg-1");
  await receipts.flush();
  expect([owed(), woken]).toEqual([[UNKNOWN], []]);
  relayUp();
  time.advance(29 * SECOND);
  expect(asked).toEqual([UNKNOWN]);
  time.advance(2 * SECOND);
  expect(asked).toEqual([UNKNOWN, UNKNOWN]);
  await receipts.flush();
  expect([owed(), woken]).toEqual([[], [UNKNOWN]]);
});

test("D6 a peer that cannot be told holds up no other's receipts", async () => {
  const { time, receipts, owe, owed, asked, woken } = receiptsOf();
  await owe(UNKNOWN, "msg-1");
  await receipts.flush();
  await owe(KNOWN, "msg-2");
  receipts.soon();
  time.advance(SECOND);
  expect(asked).toHaveLength(2);
  await receipts.flush();
  expect([owed(), woken]).toEqual([[UNKNOWN], [KNOWN]]);
});

test("D6 what comes while receipts are sent goes out soon after", async () => {
  const { time, receipts, owe, owed, asked, woken, holdAnswers } = receiptsOf();
  await owe(KNOWN, "msg-1");
  const release = holdAnswers();
  const first = receipts.flush();
  await owe(UNKNOWN, "msg-2");
  expect(asked).toEqual([KNOWN]);
  receipts.flush();
  release();
  await first;
  expect([owed(), woken]).toEqual([[UNKNOWN], [KNOWN]]);
  time.advance(SECOND);
  expect(asked).toEqual([KNOWN, UNKNOWN]);
});
