import type { HostClient } from "../../electron/bridge/socket-client.ts";
import { freshMessageId } from "../../electron/platform/fresh-message-id.ts";

const LABEL = "bench";
export const IN_FLIGHT = 32;

/** One agent with one session, driven over the host's own socket. */
export interface Party {
  readonly client: HostClient;
  readonly address: string;
}

export async function party(
  host: { connect(): Promise<HostClient> },
  wallet: string,
): Promise<Party> {
  const client = await host.connect();
  const { created } = await client.call("wallet.create", { name: wallet });
  await attach(client, wallet);
  return { client, address: created.address };
}

export async function attach(client: HostClient, wallet: string): Promise<void> {
  const place = { harnessSessionId: `bench-${wallet}`, cwd: "/", pid: 1 };
  await client.call("attach", { wallet, label: LABEL, pinned: true, ...place });
}

export async function send(from: Party, to: Party, body: string): Promise<void> {
  await from.client.call("send", {
    id: freshMessageId(),
    to: to.address,
    body,
    toSession: LABEL,
    inReplyTo: null,
    role: "agent",
    auto: false,
  });
}

/** Sends `count` messages, `inFlight` calls at a time. */
export async function flood(
  from: Party,
  to: Party,
  { count, body, inFlight }: { count: number; body: string; inFlight: number },
): Promise<void> {
  let sent = 0;
  const work = async () => {
    while (sent < count) {
      sent++;
      await send(from, to, body);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
}

/** Reads and confirms until `count` messages came, as a bridge does. */
export async function drain(by: Party, from: Party, count: number): Promise<void> {
  let got = 0;
  while (got < count) {
    const page = await by.client.call("inbox", { peek: false });
    let { handed } = page;
    if (handed.deliveries.length === 0) {
      const waited = { from: from.address, timeoutMs: 60_000 };
      handed = (await by.client.call("reply.await", waited)).handed;
    }
    if (handed.deliveries.length === 0) throw new Error("a message did not arrive within a minute");
    got += handed.deliveries.length;
    await by.client.call("confirm", handed);
  }
}

export type Route = readonly [from: Party, to: Party];

/** Messages a second until the last was confirmed. */
export async function flow(routes: readonly Route[], count: number, body: string): Promise<number> {
  const each = Math.ceil(count / routes.length);
  const inFlight = Math.max(1, Math.floor(IN_FLIGHT / routes.length));
  const start = performance.now();
  await Promise.all(
    routes.flatMap(([from, to]) => [
      flood(from, to, { count: each, body, inFlight }),
      drain(to, from, each),
    ]),
  );
  return (each * routes.length) / ((performance.now() - start) / 1000);
}
