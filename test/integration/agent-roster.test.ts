import { expect, test } from "vitest";
import { startHost } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("of two calls at once one makes the wallet, and the other hears that it is there", async () => {
  const host = await startHost(temporaryHome());
  const [one, two] = await Promise.allSettled([
    host.agents.create("planner"),
    host.agents.create("planner"),
  ]);
  expect(one.status).toBe("fulfilled");
  expect(two).toMatchObject({ status: "rejected", reason: { code: "wallet_exists" } });
  expect(host.agents.list().map((agent) => agent.identity.name)).toEqual(["planner"]);
});

test("a wallet made while the owner ends is nobody's open agent, and the next owner has it", async () => {
  const home = temporaryHome();
  const host = await startHost(home);
  const making = host.agents.create("late");
  const closing = host.close();
  await expect(making).rejects.toMatchObject({ code: "host_absent" });
  await closing;
  const next = await startHost(home);
  expect(next.agents.named("late").identity.name).toBe("late");
});
