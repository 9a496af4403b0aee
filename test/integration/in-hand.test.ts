import { expect, test } from "vitest";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import { Host } from "../../electron/daemon/host.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { acquireOwnerLock, type OwnerLock } from "../../electron/vault/owner-lock.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const context = { signal: new AbortController().signal };

/** A connection of one session: a bridge's, and then that of the bridge that takes its place. */
async function connect(host: Host, id: string) {
  const peer: ClientPeer = {
    notify: () => undefined,
    ping: () => Promise.resolve(),
    close: () => undefined,
  };
  const connection = host.connect(peer);
  const place = { wallet: "me", label: null, pinned: false, cwd: "/", pid: 1 };
  await connection.call("attach", { ...place, harnessSessionId: id }, context);
  return connection;
}

test("M1 R6 what a call took whose connection ended meanwhile is given to the next, in its order", async () => {
  const paths = homePaths(temporaryHome());
  const lock = acquireOwnerLock(paths.lock) as OwnerLock;
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null });
  try {
    const agent = await host.createAgent("me");
    const writer = await connect(host, "writer");
    const dying = await connect(host, "reader");
    const send = (id: string) =>
      writer.call(
        "send",
        {
          ...{ id, to: agent.identity.cryptoId, body: id, toSession: "claude:2" },
          ...{ inReplyTo: null, role: "agent", auto: false },
        },
        context,
      );
    await send("msg-000000000000000001");
    const taking = dying.call("inbox", { peek: false }, context);
    // The bridge dies before the daemon has committed that it offers the message.
    dying.closed();
    await taking;
    const next = await connect(host, "reader");
    await send("msg-000000000000000002");
    const { messages } = await next.call("inbox", { peek: false }, context);
    expect(messages).toMatchObject([
      { id: "msg-000000000000000001", redelivered: true },
      { id: "msg-000000000000000002", redelivered: false },
    ]);
  } finally {
    await host.close();
  }
});
