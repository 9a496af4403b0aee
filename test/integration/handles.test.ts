import { expect, test } from "vitest";
import { runProgram } from "../support/processes.ts";
import { createWallet, twoHomes } from "../support/two-homes.ts";

const command = (home: string, wallet: string, ...words: string[]) =>
  runProgram(["handle", ...words, "--wallet", wallet, "--home", home]);

test("a claimed handle names its agent, for itself and for others", async () => {
  const homes = await twoHomes();
  const [one, two] = [homes.alice.home, homes.bob.home];
  const [alice, bob] = [homes.alice.bridge, homes.bob.bridge];
  const [a, b] = [homes.alice.id, homes.bob.id];
  const send = (to: string, body = "x") => bob.call("send", { to, body });
  expect(await send("@alice")).toMatchObject({ code: "handle_unknown" });
  expect(await send("@no good")).toMatchObject({ code: "bad_request" });
  expect(await bob.call("whoami")).toMatchObject({ active: { handle: null } });

  const claimed = await command(one, "alice", "claim", "@Alice");
  expect([claimed.code, claimed.stderr]).toEqual([0, ""]);
  expect(claimed.stdout).toContain(a);
  expect(await alice.call("whoami")).toMatchObject({ active: { name: "alice", handle: "@alice" } });
  expect(await alice.call("wallet_list")).toMatchObject({ wallets: [{ handle: "@alice" }] });
  const taken = await command(two, "bob", "claim", "@alice");
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining("another agent's")]);
  expect((await command(two, "nobody", "claim", "@x")).stderr).toContain("no wallet named");
  expect((await command(two, "bob", "claim", "x y")).stderr).toContain("is not a handle");

  expect(await bob.call("contact_add", { to: "@ALICE" })).toMatchObject({
    requested: { addressee: a, status: "pending" },
  });
  expect(await alice.call("contact_accept", { from: b })).toMatchObject({
    accepted: { requester: b },
  });
  expect(await send("@alice", "by name")).toMatchObject({ sent: { to: a } });
  const got = await alice.call("await_reply", { from: b, timeout_seconds: 60 });
  expect(got).toMatchObject({ reply: { text: "by name" } });
  await alice.call("send", { to: b, body: "back" });
  const back = await bob.call("await_reply", { from: "@alice", timeout_seconds: 60 });
  expect(back).toMatchObject({ reply: { text: "back", from: a } });
});

test("C2 mail to a handle that changed hands is refused until a person decides", async () => {
  const homes = await twoHomes();
  const [one, two] = [homes.alice.home, homes.bob.home];
  const a = homes.alice.id;
  const m = await createWallet(homes.alice.bridge, "mallory");
  const bob = homes.bob.bridge;
  const send = (to = "@alice") => bob.call("send", { to, body: "for alice" });
  await command(one, "alice", "claim", "@alice");
  expect(await send()).toMatchObject({ sent: { to: a } });
  expect((await command(one, "alice", "release", "@alice")).code).toBe(0);
  expect(await send()).toMatchObject({ code: "handle_unknown", error: expect.stringContaining(a) });
  await command(one, "mallory", "claim", "@alice");

  const refused = await send();
  expect(refused.code).toBe("handle_changed");
  for (const named of [a, m]) expect(refused.error).toContain(named);
  expect(refused.next).toContain("tinyplace handle accept @alice");
  expect(await bob.call("contact_add", { to: "@alice" })).toMatchObject({ code: "handle_changed" });
  const status = await runProgram(["status", "--home", two]);
  expect(status.stdout).toContain(`ATTENTION: @alice stood for ${a}`);
  // Even when the directory says the old name again, a person has been promised the decision.
  await command(one, "mallory", "release", "@alice");
  await command(one, "alice", "claim", "@alice");
  expect(await send()).toMatchObject({ code: "handle_changed" });
  expect(await send(a)).toMatchObject({ sent: { to: a } });

  const third = await command(two, "bob", "accept", "@alice", "11111111111111111111111111111111");
  expect([third.code, third.stderr]).toEqual([1, expect.stringContaining("one of these two")]);
  expect((await command(two, "bob", "accept", "@alice", a)).code).toBe(0);
  expect(await send()).toMatchObject({ sent: { to: a } });
  const again = await command(two, "bob", "accept", "@alice", a);
  expect(again.stderr).toContain("Nothing is to be decided");

  await command(one, "alice", "release", "@alice");
  await command(one, "mallory", "claim", "@alice");
  expect(await send()).toMatchObject({ code: "handle_changed" });
  expect((await command(two, "bob", "accept", "@alice", m)).code).toBe(0);
  expect(await send()).toMatchObject({ sent: { to: m } });
});

test("C2 what a handle meant is known with the relay away", async () => {
  const homes = await twoHomes();
  const [a, bob] = [homes.alice.id, homes.bob.bridge];
  await command(homes.alice.home, "alice", "claim", "@alice");
  await bob.call("send", { to: "@alice", body: "first" });
  await homes.alice.daemon.stop();
  expect(await bob.call("send", { to: "@alice", body: "second" })).toMatchObject({
    sent: { to: a, state: "queued" },
  });
  expect(await bob.call("send", { to: "@carol", body: "x" })).toMatchObject({
    code: "relay_unreachable",
  });
});
