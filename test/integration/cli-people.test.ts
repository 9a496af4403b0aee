import { cpSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import { homePaths } from "../../electron/platform/paths.ts";
import { commandLine } from "../support/command-line.ts";
import { startDaemon, startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

interface Contacts {
  contacts: { peer: string; standing: string; verifiedAt: string | null }[];
}

/** A data folder with one agent, on a relay that it shares with others. */
async function person(relay: string, name: string) {
  const home = temporaryHome();
  await startDaemon(home, { TINYPLACE_API_URL: relay });
  const cli = commandLine(home);
  const { created } = await cli.json<{ created: { address: string } }>("agents", "create", name);
  return { cli, address: created.address };
}

test("U5 agents are created and listed, by names that suit the terminal or not", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const cli = commandLine(home);
  expect(await cli("agents")).toMatchObject({
    code: 0,
    stdout: "There is no agent here yet: tinyplace agents create NAME.\n",
  });
  expect(await cli.fails("inbox")).toMatchObject({ exit: 1, code: "no_wallet" });
  await cli.json("agents", "create", "審査");
  await cli.json("agents", "create", "plan");
  // A wide character takes two columns: what follows stands below its head all the same.
  const lines = (await cli("agents", "list")).stdout.split("\n");
  expect(lines[0]).toMatch(/^AGENT {2}HANDLE/);
  expect(lines[1]).toMatch(/^plan {11}0 /);
  expect(lines[2]).toMatch(/^審査 {11}0 /);
  const { agents } = await cli.json<{ agents: object[] }>("agents", "list");
  expect(agents).toMatchObject([
    { name: "plan", open: true, handle: null, sessions: 0, unread: 0, holds: 0 },
    { name: "審査" },
  ]);
  expect(await cli.fails("agents", "create", "plan")).toMatchObject({ code: "wallet_exists" });
  expect(await cli.fails("agents", "create", "-/-")).toMatchObject({ exit: 2 });
  expect(await cli.fails("agents", "create", "a/b")).toMatchObject({
    exit: 1,
    code: "bad_request",
  });
  expect(await cli.fails("agents", "create")).toMatchObject({ exit: 2 });
});

test("U5 contacts are asked, accepted, declined, verified, removed and blocked", async () => {
  const relay = (await startRelay(`${temporaryHome()}/relay.db`)).ready.url;
  const [a, b] = [await person(relay, "alice"), await person(relay, "bob")];
  const standing = async ({ cli }: typeof a) =>
    (await cli.json<Contacts>("contacts")).contacts.map((one) => one.standing);

  expect(await a.cli.json("contacts", "add", b.address)).toEqual({
    requested: { addressee: b.address, status: "pending" },
  });
  expect([await standing(a), await standing(b)]).toEqual([["outgoing"], ["incoming"]]);
  expect(await b.cli("contacts", "decline", a.address)).toMatchObject({ code: 0 });
  // Nothing is there to decline any more, nor on the side that asked.
  for (const [one, peer] of [[b, a.address] as const, [a, b.address] as const]) {
    expect(await one.cli.fails("contacts", "decline", peer)).toMatchObject({
      exit: 1,
      code: "contact_unknown",
    });
  }
  expect([await standing(a), await standing(b)]).toEqual([[], []]);

  await a.cli.json("contacts", "add", b.address);
  expect(await b.cli("contacts", "accept", a.address)).toMatchObject({
    code: 0,
    stdout: `${a.address} is a contact.\n`,
  });
  expect((await a.cli("contacts", "list")).stdout).toMatch(
    new RegExp(`^CONTACT +NAME +SAFETY NUMBER +ADDRESS\naccepted +${b.address}\n$`),
  );

  const [ours, theirs] = [
    await a.cli.json<{ safetyNumber: string[]; verifiedAt: string | null }>(
      "contacts",
      "verify",
      b.address,
    ),
    await b.cli.json<{ safetyNumber: string[] }>("contacts", "verify", a.address, "--mark"),
  ];
  expect(ours.safetyNumber).toHaveLength(12);
  expect(ours).toMatchObject({ verifiedAt: null, safetyNumber: theirs.safetyNumber });
  expect((await b.cli.json<Contacts>("contacts")).contacts).toMatchObject([
    { peer: a.address, verifiedAt: expect.stringMatching(/Z$/) },
  ]);
  expect((await a.cli("contacts", "verify", b.address)).stdout).toContain(
    ours.safetyNumber.slice(0, 4).join(" "),
  );

  expect(await a.cli.json("contacts", "remove", b.address)).toEqual({
    removed: { agentId: b.address },
  });
  expect(await a.cli("contacts", "block", b.address)).toMatchObject({ code: 0 });
  expect(await b.cli.fails("contacts", "add", a.address)).toMatchObject({
    code: "contact_blocked",
  });

  for (const [words, exit, code] of [
    [["contacts", "add", "nobody"], 1, "peer_unknown"],
    [["contacts", "add", a.address], 1, "bad_request"],
    [["contacts", "accept", "@nobody"], 1, "handle_unknown"],
    [["contacts", "accept", b.address], 1, "contact_unknown"],
    [["contacts", "verify", "not-a-key"], 1, "peer_unknown"],
    [["contacts", "verify"], 2, "bad_request"],
    [["contacts", "list", "--wallet", "ghost"], 1, "wallet_unknown"],
    [["contacts", "befriend", b.address], 2, "bad_request"],
  ] as const) {
    expect([words, await a.cli.fails(...words)]).toMatchObject([words, { exit, code }]);
  }
});

test("U5 L6 an agent is paused, its policy set, and it is taken over from another machine", async () => {
  const relay = (await startRelay(`${temporaryHome()}/relay.db`)).ready.url;
  const home = temporaryHome();
  const daemon = await startDaemon(home, { TINYPLACE_API_URL: relay });
  const cli = commandLine(home);
  await cli.json("agents", "create", "mover");
  expect(await cli.json("agents", "set", "mover", "--policy", "drop", "--pause")).toEqual({
    ...{ policy: "drop", policyForced: false, paused: true },
  });
  expect(await cli.json("agents", "set", "mover", "--resume")).toMatchObject({ paused: false });
  expect((await cli("agents", "set", "mover")).stdout).toBe(
    "Mail for no session in particular: drop.\nMail is handed out.\n",
  );
  for (const wrong of [["--policy", "all"], ["--pause", "--resume"], ["--paws"]]) {
    expect(await cli.fails("agents", "set", "mover", ...wrong)).toMatchObject({ exit: 2 });
  }
  expect(await cli.fails("agents", "set", "ghost")).toMatchObject({ code: "wallet_unknown" });

  // A copy of the data folder, as on another machine: one of the two has the mailbox.
  const leaseIn = async (one: typeof cli) =>
    (await one.json<{ agents: { lease: { state: string } }[] }>("status")).agents[0]?.lease.state;
  await expect.poll(() => leaseIn(cli)).toBe("held");
  const copied = temporaryHome();
  await daemon.stop();
  cpSync(home, copied, { recursive: true, filter: (path) => !path.endsWith(".sock") });
  rmSync(homePaths(copied).installation);
  await startDaemon(home, { TINYPLACE_API_URL: relay });
  await expect.poll(() => leaseIn(cli)).toBe("held");
  await startDaemon(copied, { TINYPLACE_API_URL: relay });
  const there = commandLine(copied);
  await expect.poll(() => leaseIn(there)).toBe("elsewhere");
  expect(await there.fails("send", "@somebody", "hi", "--wallet", "mover")).toMatchObject({
    exit: 1,
  });
  expect(await there("agents", "move-here", "mover")).toMatchObject({ code: 0 });
  await expect.poll(() => leaseIn(there)).toBe("held");
});

test("N1 the relay is shown and changed by a command, unless the environment names it", async () => {
  const [own, other] = [temporaryHome(), temporaryHome()];
  const relay = (await startRelay(`${other}/relay.db`)).ready.url;
  await startDaemon(own);
  const cli = commandLine(own);
  const { relay: before } = await cli.json<{ relay: { url: string } }>("network");
  expect(before).toMatchObject({ from: "embedded", publishesForAll: true });
  expect((await cli("network")).stdout).toContain("https://api.tiny.place");
  expect(await cli.fails("network", "nowhere")).toMatchObject({ code: "bad_request" });
  expect(await cli.json("network", `${relay}/`)).toMatchObject({
    relay: { url: relay, from: "chosen" },
  });
  expect((await cli("network", "embedded")).stdout).toContain(before.url);
  const forced = await person(relay, "alice");
  expect((await forced.cli("network")).stdout).toContain("named by TINYPLACE_API_URL");
  expect(await forced.cli.fails("network", "embedded")).toMatchObject({ code: "not_allowed" });
});
