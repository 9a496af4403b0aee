import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installationOf } from "../../electron/platform/installation.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { Bench } from "../support/agents.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** A mailbox is drained by one installation (rule N5), and an agent lives in one place (rule L6). */
test("N5 a second installation is refused with host and time, and can move the agent there", async () => {
  const bench = await Bench.start();
  const [a, b] = await bench.pair();
  const writer = await a.session("claude:1");
  await b.session("claude:1");
  expect(b.agent.summary().lease).toEqual({ state: "held" });

  // A copy of b's data folder is opened on another machine.
  await b.close();
  const copy = bench.copyOf(b, "two");
  await copy.start({ online: false });
  await copy.until((agent) => agent.summary().lease.state === "elsewhere");
  expect(copy.agent.summary().lease).toMatchObject({ host: "host of one" });
  await a.send(writer, b, "to wherever b lives");
  await a.until((agent) => agent.summary().queued === 0);
  await copy.agent.drain();
  expect(copy.vault.sql("SELECT count(*) AS n FROM message").get()).toEqual({ n: 0 });
  const session = await copy.session("claude:1");
  await expect(copy.send(session, a, "not from here")).rejects.toMatchObject({
    code: "mailbox_leased",
  });

  await copy.agent.moveHere();
  await copy.until(() => copy.unread("claude:1").length === 1);
  expect(copy.unread("claude:1")).toEqual(["to wherever b lives"]);
  await copy.send(session, a, "from the new place");
  await a.until(() => a.unread("claude:1").length === 1);

  // The former place finds out, drains nothing and says so.
  await b.start({ online: false });
  await b.until((agent) => agent.summary().lease.state === "elsewhere");
  expect(b.agent.summary().lease).toMatchObject({ host: "host of two" });
  await expect(b.agent.relay.list(10)).rejects.toMatchObject({ code: "mailbox_leased" });
  await expect(b.agent.relay.acknowledge(["x", "y"])).rejects.toMatchObject({
    code: "mailbox_leased",
  });
});

test("N5 a client that knows no leases drains a mailbox that nobody leased", async () => {
  const bench = await Bench.start();
  const signer = createSigner(new Uint8Array(32).fill(9));
  const plain = new HttpRelayTransport(bench.url, signer, bench.time);
  expect(await plain.lease(false)).toEqual({ state: "unsupported" });
  expect(await plain.list(1)).toEqual({ envelopes: [], malformed: [], more: false });
  await plain.close();
});

test("L6 a copied data folder keeps its name on the same machine only with its own file", () => {
  const home = temporaryHome();
  const first = installationOf(join(home, "installation"));
  expect(installationOf(join(home, "installation"))).toEqual(first);
  const other = temporaryHome();
  expect(installationOf(join(other, "installation")).id).not.toBe(first.id);
  cpSync(join(home, "installation"), join(other, "copied"));
  expect(installationOf(join(other, "copied")).id).toBe(first.id);
});
