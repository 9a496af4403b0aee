import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";
import { compareLabels } from "../../shared/labels/labels.ts";
import { startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `claude:${i + 1}`);

function attach(client: HostClient, wallet: string, id: string, label: string | null = null) {
  const place = { cwd: "/work", pid: 1, harnessSessionId: id };
  return client.call("attach", { wallet, label, pinned: label !== null, ...place });
}

test("S2 50 sessions that attach at once get 50 labels, and each the same again after a restart", async () => {
  const home = temporaryHome();
  const daemon = await startDaemon(home);
  const paths = homePaths(home);
  const clients = await Promise.all(
    Array.from({ length: 50 }, () => HostClient.connect(paths, "test")),
  );
  await clients[0]?.call("wallet.create", { name: "me" });
  const attachAll = async (some: readonly HostClient[]) => {
    const answers = await Promise.all(some.map((client, i) => attach(client, "me", `s-${i}`)));
    return answers.map((one) => one.label);
  };
  const labels = await attachAll(clients);
  expect([...labels].sort(compareLabels)).toEqual(numbered(50));
  const taken = HostClient.connect(paths, "test");
  await expect(attach(await taken, "me", "late", "claude:7")).rejects.toMatchObject({
    code: "label_taken",
  });
  (await taken).close();
  await daemon.stop("SIGKILL");
  await startDaemon(home);
  const back = await Promise.all(clients.map(() => HostClient.connect(paths, "test")));
  // In another order than before: the label goes by the session, not by who comes first.
  const again = await attachAll([...back].reverse());
  expect(again).toEqual(labels);
  for (const client of back) client.close();
});

test("S2 a client without a session id leaves its label when it takes another", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const client = await HostClient.connect(homePaths(home), "test");
  await client.call("wallet.create", { name: "me" });
  const place = { wallet: "me", pinned: true, harnessSessionId: null, cwd: "/", pid: 1 };
  await client.call("attach", { ...place, label: "one" });
  await client.call("attach", { ...place, label: "two" });
  const { sessions, thisLabel } = await client.call("sessions", {});
  expect([sessions.map((one) => one.label), thisLabel]).toEqual([["two"], "two"]);
  client.close();
});

test("A3 a page that is in one call's hands does not hide the mail behind it", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const client = await HostClient.connect(homePaths(home), "test");
  const { created } = await client.call("wallet.create", { name: "me" });
  await attach(client, "me", "s", "one");
  for (let i = 0; i < 70; i++) {
    await client.call("send", {
      id: newMessageId(randomBytes(9)),
      to: created.address,
      body: `m${i}`,
      toSession: "one",
      inReplyTo: null,
      role: "agent",
      auto: false,
    });
  }
  const first = await client.call("inbox", { peek: false });
  const second = await client.call("inbox", { peek: false });
  expect([first.messages.length, second.messages.length]).toEqual([50, 20]);
  expect(second.messages[0]?.text).toBe("m50");
  client.close();
});

test("S3 100 live sessions of 10 agents, each reached by its label", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const paths = homePaths(home);
  const agents = Array.from({ length: 10 }, (_, i) => `agent ${i}`);
  const setup = await HostClient.connect(paths, "test");
  const ids = new Map<string, string>();
  for (const name of agents) {
    ids.set(name, (await setup.call("wallet.create", { name })).created.address);
  }
  const sessions = await Promise.all(
    agents.flatMap((name) =>
      numbered(10).map(async (label) => {
        const client = await HostClient.connect(paths, "test");
        await attach(client, name, `${name} ${label}`, label);
        return { name, label, client };
      }),
    ),
  );
  const { agents: summaries } = await setup.call("status", {});
  expect(summaries.map((one) => one.sessions.length)).toEqual(Array(10).fill(10));
  // Each writes to the session of the same label of the next agent, over the relay.
  const next = (name: string) => agents[(agents.indexOf(name) + 1) % agents.length] as string;
  await Promise.all(
    sessions.map(({ name, label, client }) =>
      client.call("send", {
        id: newMessageId(randomBytes(9)),
        to: ids.get(next(name)) as string,
        body: `to ${next(name)} ${label}`,
        toSession: label,
        inReplyTo: null,
        role: "agent",
        auto: false,
      }),
    ),
  );
  const before = (name: string) => agents[(agents.indexOf(name) + 9) % agents.length] as string;
  const got = await Promise.all(
    sessions.map(async ({ name, client }) => {
      const from = ids.get(before(name)) as string;
      const { reply } = await client.call("reply.await", { from, timeoutMs: 60_000 });
      return reply?.text;
    }),
  );
  expect(got).toEqual(sessions.map(({ name, label }) => `to ${name} ${label}`));
  for (const { client } of sessions) client.close();
  setup.close();
});
