import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Agent } from "../../electron/daemon/agent.ts";
import { Contacts } from "../../electron/daemon/contacts.ts";
import { drawIdentity } from "../../electron/daemon/identity.ts";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { startRelay } from "../../electron/relay/server/server.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { MemoryRelayStore } from "../../electron/relay/store/memory-store.ts";
import { Vault } from "../../electron/vault/vault.ts";
import { liveSession, send, startHost, until } from "../support/host.ts";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet, twoHomes } from "../support/two-homes.ts";

const incoming = async (bridge: BridgeClient) =>
  (await bridge.call("contact_requests")).incoming as { agentId: string }[];
const contacts = async (bridge: BridgeClient) =>
  ((await bridge.call("contacts")).contacts as { agentId: string }[]).map((one) => one.agentId);

describe("C1 between two data folders", () => {
  test("C1 a refused message asks for contact, waits, and arrives when it was accepted", async () => {
    const { alice, bob } = await twoHomes();
    for (const body of ["one", "two"]) {
      const sent = await alice.bridge.call("send", { to: bob.id, body });
      expect(sent).toMatchObject({ sent: { state: "queued", via: "relay" } });
    }
    await expect.poll(() => incoming(bob.bridge)).toEqual([{ agentId: alice.id }]);
    expect(await alice.bridge.call("contact_requests")).toEqual({
      incoming: [],
      outgoing: [{ agentId: bob.id }],
    });
    // The session hears of it without asking the relay, and nothing came before it decided.
    await expect.poll(async () => (await bob.bridge.call("whoami")).pendingContactRequests).toBe(1);
    expect(await bob.bridge.call("inbox")).toMatchObject({
      count: 0,
      contactRequests: [{ agentId: alice.id }],
    });
    expect(await contacts(bob.bridge)).toEqual([]);

    expect(await bob.bridge.call("contact_accept", { from: alice.id })).toMatchObject({
      accepted: { requester: alice.id, status: "accepted" },
    });
    for (const text of ["one", "two"]) {
      const got = await bob.bridge.call("await_reply", { from: alice.id, timeout_seconds: 90 });
      expect(got).toMatchObject({ reply: { text, from: alice.id } });
    }
    expect(await contacts(alice.bridge)).toEqual([bob.id]);
    expect(await incoming(bob.bridge)).toEqual([]);
  });

  test("C1 request, accept, remove and block, and what each refuses", async () => {
    const { alice, bob } = await twoHomes();
    const a = (tool: string, input: object) => alice.bridge.call(tool, { ...input });
    const b = (tool: string, input: object) => bob.bridge.call(tool, { ...input });
    const tools = { contact_add: "to", contact_accept: "from", contact_remove: "peer" };
    for (const [tool, field] of Object.entries({ ...tools, contact_block: "peer" })) {
      expect(await a(tool, { [field]: "nonsense" })).toMatchObject({ code: "peer_unknown" });
      const self = await a(tool, { [field]: alice.id });
      expect(self.code).toBe(tool === "contact_accept" ? "contact_unknown" : "bad_request");
      expect(self.next).not.toBe("");
    }
    const requested = (status: string) => ({ requested: { addressee: bob.id, status } });
    const removed = (id: string, status = "none") => ({ removed: { agentId: id, status } });

    expect(await a("contact_add", { to: bob.id })).toEqual(requested("pending"));
    expect(await a("contact_add", { to: bob.id })).toEqual(requested("pending"));
    // Declined: the request is gone, and there is none to accept.
    expect(await b("contact_remove", { peer: alice.id })).toEqual(removed(alice.id));
    expect(await b("contact_accept", { from: alice.id })).toMatchObject({
      code: "contact_unknown",
    });
    // Both asked: a contact.
    await a("contact_add", { to: bob.id });
    expect(await b("contact_add", { to: alice.id })).toEqual({
      requested: { addressee: alice.id, status: "accepted" },
    });
    expect(await a("contact_add", { to: bob.id })).toEqual(requested("accepted"));
    expect(await contacts(bob.bridge)).toEqual([alice.id]);
    expect(await a("contact_remove", { peer: bob.id })).toEqual(removed(bob.id));
    expect(await a("contact_remove", { peer: bob.id })).toEqual(removed(bob.id));
    expect(await contacts(bob.bridge)).toEqual([]);

    const blocked = { blocked: { agentId: alice.id, status: "blocked" } };
    expect(await b("contact_block", { peer: alice.id })).toEqual(blocked);
    expect(await b("contact_block", { peer: alice.id })).toEqual(blocked);
    for (const refused of [
      await a("contact_add", { to: bob.id }),
      await a("contact_remove", { peer: bob.id }),
      await b("contact_add", { to: alice.id }),
    ]) {
      expect(refused).toMatchObject({ code: "contact_blocked" });
    }
    // Each ends its own block only.
    await a("contact_block", { peer: bob.id });
    expect(await a("contact_remove", { peer: bob.id })).toEqual(removed(bob.id, "blocked"));
    expect(await b("contact_remove", { peer: alice.id })).toEqual(removed(alice.id));
    expect(await a("contact_add", { to: bob.id })).toEqual(requested("pending"));
  });
});

test("C1 agents of one home are contacts from their creation, unless a person removed one", async () => {
  const home = temporaryHome();
  const first = await startDaemon(home);
  const setup = await startBridge(home);
  const ids = [];
  for (const name of ["p", "q", "r"]) ids.push(await createWallet(setup, name));
  const [_p, q, r] = ids as [string, string, string];
  await setup.call("use", { name: "p" });
  await expect.poll(async () => (await contacts(setup)).sort()).toEqual([q, r].sort());
  expect(await setup.call("contact_remove", { peer: q })).toEqual({
    removed: { agentId: q, status: "none" },
  });
  await first.stop();
  await startDaemon(home);
  // The new agent is introduced to all: by then the others met again.
  const s = await createWallet(setup, "s");
  await expect.poll(async () => (await contacts(setup)).sort()).toEqual([r, s].sort());
});

test("C1 a removed contact stays removed when a session writes to it, which is told so", async () => {
  const home = temporaryHome();
  const host = await startHost(home);
  const [me, you] = [await host.agents.create("me"), await host.agents.create("you")];
  const other = you.identity.cryptoId;
  const status = (agent: Agent) => agent.relay.contactStatus(other);
  await expect.poll(() => status(me)).toBe("accepted");
  await me.contacts.remove(other);
  const id = await send(me, await liveSession(me, "writer"), other, "still there?");
  await until(host, () => me.sent(id).problem !== null);
  expect(me.sent(id)).toMatchObject({
    problem: expect.stringContaining("removed or declined here"),
  });
  await host.close();

  // Whoever comes online is introduced to the person's other agents.
  const again = await startHost(home);
  const mine = again.agents.named("me");
  const third = await again.agents.create("third");
  await expect.poll(async () => (await third.relay.contacts()).length).toBe(2);
  expect(await status(mine)).toBe("none");
  // Asked for again, it is a contact, and what waited goes out.
  await again.agents.named("you").relay.requestContact(mine.identity.cryptoId);
  expect(await mine.contacts.request(other)).toBe("accepted");
  await until(again, () => mine.sent(id).state !== "queued");
  expect(mine.sent(id).problem).toBeNull();
});

test("C1 a person can turn that off, and on again", async () => {
  const home = temporaryHome();
  const host = await startHost(home);
  host.setOwnContacts(false);
  const known = async (agent: Agent) => (await agent.relay.contacts()).length;
  const online = (agent: Agent) => until(host, () => agent.summary().relay.state === "online");
  const [p, q] = [await host.agents.create("p"), await host.agents.create("q")];
  await Promise.all([online(p), online(q)]);
  expect(await known(p)).toBe(0);
  await host.close();

  // Kept: the next start introduces nobody either.
  const again = await startHost(home);
  expect(again.settings.ownContacts).toBe(false);
  const [r] = again.agents.list();
  if (!r) throw new Error("no agent");
  await until(again, () =>
    again.agents.list().every((one) => one.summary().relay.state === "online"),
  );
  expect(await known(r)).toBe(0);
  again.setOwnContacts(true);
  await expect.poll(() => known(r)).toBe(1);
});

describe("C1 what is asked without a person", () => {
  async function people() {
    const store = new MemoryRelayStore();
    const relay = await startRelay({ store, port: 0 });
    onTestFinished(() => relay.close());
    const person = (name: string) => {
      const identity = drawIdentity(name);
      const folder = join(temporaryHome(), name);
      mkdirSync(folder);
      const agent = { ...identity, createdAt: 0, epoch: 1 };
      const vault = Vault.create(folder, randomBytes(32), agent);
      const signer = createSigner(identity.seed);
      const transport = new HttpRelayTransport(relay.url, signer, systemClock);
      onTestFinished(async () => {
        await transport.close();
        vault.close();
      });
      const accepted: string[] = [];
      const own = new Contacts({
        self: identity.cryptoId,
        vault,
        relay: transport,
        clock: systemClock,
        changed: () => undefined,
        accepted: async () => void accepted.push(name),
      });
      return { id: identity.cryptoId, contacts: own, accepted };
    };
    return { store, relay, alice: person("alice"), bob: person("bob") };
  }

  test("C1 a person is shown the contacts last known while the relay is away", async () => {
    const { relay, alice, bob } = await people();
    await alice.contacts.request(bob.id);
    await bob.contacts.accept(alice.id);
    const known = { accepted: [bob.id], incoming: [], outgoing: [] };
    expect(await alice.contacts.book()).toEqual({ ...known, problem: null });
    await relay.close();
    const problem = { code: "relay_unreachable" };
    expect(await alice.contacts.book()).toMatchObject({ ...known, problem });
    // Never asked before: nobody is known.
    expect(await bob.contacts.book()).toMatchObject({ accepted: [], problem });
  });

  test("C1 a declined request is not repeated, until somebody asks again", async () => {
    const { store, alice, bob } = await people();
    const status = async () => (await store.contact(alice.id, bob.id))?.status;
    await alice.contacts.requestForMail(bob.id);
    await alice.contacts.look();
    expect(await status()).toBe("pending");
    await bob.contacts.remove(alice.id);
    // Before the answer was seen, and after.
    await alice.contacts.requestForMail(bob.id);
    expect(await status()).toBeUndefined();
    await alice.contacts.look();
    await alice.contacts.requestForMail(bob.id);
    expect(await status()).toBeUndefined();
    expect(alice.accepted).toEqual([]);

    expect(await alice.contacts.request(bob.id)).toBe("pending");
    await bob.contacts.accept(alice.id);
    await alice.contacts.look();
    expect(alice.accepted).toEqual(["alice"]);
    // The contact ended: the next refused message asks anew.
    await bob.contacts.remove(alice.id);
    await alice.contacts.requestForMail(bob.id);
    expect(await status()).toBe("pending");
  });

  test("C1 what a person decides while a request is looked for stands", async () => {
    const { alice, bob } = await people();
    await alice.contacts.requestForMail(bob.id);
    await bob.contacts.remove(alice.id);
    const looking = alice.contacts.look();
    await alice.contacts.remove(bob.id);
    await looking;
    expect(alice.contacts.isRemoved(bob.id)).toBe(true);
  });

  test("C1 a request of theirs is not accepted by writing to them", async () => {
    const { store, alice, bob } = await people();
    await bob.contacts.request(alice.id);
    await alice.contacts.requestForMail(bob.id);
    expect((await store.contact(alice.id, bob.id))?.status).toBe("pending");
    await alice.contacts.look();
    expect(alice.contacts.requests()).toEqual([{ agentId: bob.id }]);
    await alice.contacts.accept(bob.id);
    expect((await store.contact(alice.id, bob.id))?.status).toBe("accepted");
    expect([alice.contacts.requests(), alice.accepted]).toEqual([[], ["alice"]]);
  });
});
