import { HostClient } from "../../electron/bridge/socket-client.ts";
import { freshMessageId } from "../../electron/platform/fresh-message-id.ts";
import { homePaths } from "../../electron/platform/paths.ts";

const LIVE = 100;
const ROUTED = 2000;
const IN_FLIGHT = 32;
const WAKE_UPS = 500;
const WALLET = "many";

/**
 * What sessions feel, over the host's own socket: how long one takes to hold a label, alone and among
 * 100, how fast mail is routed among 100, and how soon a waiting call has what was committed for it.
 * @param attachOnce starts a bridge as a session of the wallet and returns the ms until its label
 */
export async function measureSessions(
  home: string,
  attachOnce: (wallet: string) => Promise<number>,
) {
  const paths = homePaths(home);
  const setup = await HostClient.connect(paths, "bench");
  const { created } = await setup.call("wallet.create", { name: WALLET });
  const alone = await repeat(15, () => attachOnce(WALLET));
  const live: HostClient[] = [];
  for (let i = 0; i < LIVE; i++) {
    const client = await HostClient.connect(paths, "bench");
    const place = { harnessSessionId: `bench-${i}`, cwd: "/", pid: 1 };
    await client.call("attach", { wallet: WALLET, label: `s${i}`, pinned: true, ...place });
    live.push(client);
  }
  const crowded = await repeat(15, () => attachOnce(WALLET));
  const wake = await wakeUps(live, created.address);
  const rate = await routingRate(live, created.address);
  for (const client of [...live, setup]) client.close();
  return { alone, crowded, wake, rate };
}

function send(from: HostClient, to: string, label: string) {
  return from.call("send", {
    id: freshMessageId(),
    to,
    body: "x".repeat(900),
    toSession: label,
    inReplyTo: null,
    role: "agent",
    auto: false,
  });
}

/** From the answer of `send`, when the message is committed, until the waiting call is answered. */
async function wakeUps(live: readonly HostClient[], to: string): Promise<number[]> {
  const [sender, waiter] = live as [HostClient, HostClient];
  const times: number[] = [];
  for (let i = 0; i < WAKE_UPS; i++) {
    let woken = 0;
    const waiting = waiter.call("reply.await", { from: to, timeoutMs: 60_000 }).then((answer) => {
      woken = performance.now();
      return answer.handed;
    });
    await send(sender, to, "s1");
    const committed = performance.now();
    const handed = await waiting;
    times.push(Math.max(0, woken - committed));
    await waiter.call("confirm", handed);
  }
  return times;
}

/** Messages a second from all sessions to all others, committed and placed. */
async function routingRate(live: readonly HostClient[], to: string): Promise<number> {
  let sent = 0;
  const start = performance.now();
  const work = async () => {
    while (sent < ROUTED) {
      const i = sent++;
      await send(live[i % LIVE] as HostClient, to, `s${(i * 7 + 1) % LIVE}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  return ROUTED / ((performance.now() - start) / 1000);
}

async function repeat(count: number, once: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await once());
  return times;
}
