import { randomBytes } from "node:crypto";
import { describe, expect, onTestFinished, test } from "vitest";
import { Decisions } from "../../electron/daemon/decisions.ts";
import { Mailroom } from "../../electron/daemon/mailroom.ts";
import { SessionRegistry } from "../../electron/daemon/session-registry.ts";
import { waitForMail } from "../../electron/daemon/waiting.ts";
import { systemClock } from "../../electron/platform/clock.ts";
import { commitRounds } from "../../electron/vault/commit-rounds.ts";
import { type NewMessage, unreadDeliveries, unreadFrom } from "../../electron/vault/mail-table.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const LABEL = "claude:1";
const PEER = "peer";

/** A mailroom with one live session. */
function start() {
  const identity = { cryptoId: "me", name: "me", seed: randomBytes(32), registrationId: 1 };
  const created = { ...identity, createdAt: Date.now(), epoch: 1 };
  const vault = Vault.create(temporaryHome(), randomBytes(32), created);
  onTestFinished(() => vault.close());
  const sessions = new SessionRegistry(vault);
  const peer = { notify: () => {}, ping: async () => {}, close: () => {} };
  const place = { harnessSessionId: "one", cwd: "/", pid: 1 };
  sessions.attach(peer, place, { label: LABEL, pinned: true }, Date.now());
  const mailroom = new Mailroom(vault, sessions, new Decisions(vault, null), systemClock);
  const wait = () => {
    const { signal } = new AbortController();
    const find = (label: string) => mailroom.free(unreadFrom(vault, label, PEER))[0] ?? null;
    const parts = { mailroom, timers: systemTimers };
    return waitForMail(parts, { label: () => LABEL, find, ms: 30_000, signal });
  };
  const arrive = async (id: string) => {
    const placed = await vault.write(() => mailroom.accept(message(id)));
    if (placed) mailroom.announce([placed]);
  };
  return { vault, mailroom, wait, arrive };
}

const message = (id: string): NewMessage => ({
  ...{ id, direction: "in", peer: PEER, fromSession: null, toSession: LABEL, inReplyTo: null },
  ...{ role: "agent", text: id, auto: false, sentAt: null, at: Date.now(), asker: null },
  ...{ late: false, suite: "libsignal" },
});

describe("A1 a message for a call that waits", () => {
  test("is handed out by the transaction that brings it", async () => {
    const { vault, wait, arrive } = start();
    const waiting = wait();
    const before = commitRounds.count;
    const told = arrive("first");
    expect((await waiting).message).toMatchObject({ id: "first", redelivered: false });
    expect(commitRounds.count).toBe(before + 1);
    await told;
    expect(unreadDeliveries(vault, LABEL, 9)).toMatchObject([{ offered_at: expect.any(Number) }]);
  });

  test("is the older call's, and the next one the younger's", async () => {
    const { wait, arrive } = start();
    const [older, younger] = [wait(), wait()];
    await arrive("first");
    await arrive("second");
    expect((await older).message).toMatchObject({ id: "first", redelivered: false });
    expect((await younger).message).toMatchObject({ id: "second", redelivered: false });
  });

  test("is handed out after a write that was undone, and is not taken for one offered before", async () => {
    const { vault, mailroom, wait, arrive } = start();
    const waiting = wait();
    const undone = vault.write(() => {
      mailroom.accept(message("undone"));
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await arrive("first");
    expect((await waiting).message).toMatchObject({ id: "first", redelivered: false });
    expect(unreadDeliveries(vault, LABEL, 9)).toMatchObject([
      { id: "first", offered_at: expect.any(Number) },
    ]);
  });

  test("is offered again, and marked so, when who was handed it went away", async () => {
    const { mailroom, wait, arrive } = start();
    const [ended, next] = [wait(), wait()];
    await arrive("first");
    const { deliveries } = await ended;
    mailroom.unhand(deliveries);
    await arrive("second");
    expect((await next).message).toMatchObject({ id: "first", redelivered: true });
  });
});
