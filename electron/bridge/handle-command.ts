import type { HomePaths } from "../platform/paths.ts";
import { HostClient } from "./socket-client.ts";

/** `tinyplace handle claim`: names an agent on its relay. Throws what the host answers. */
export async function claimHandle(paths: HomePaths, wallet: string, handle: string): Promise<void> {
  const { address } = await withHost(paths, (host) =>
    host.call("handle.claim", { wallet, handle }),
  );
  process.stdout.write(`${handle} now stands for ${wallet} (${address}).\n`);
}

/** `tinyplace handle release`: gives a handle back; anybody may claim it then. */
export async function releaseHandle(
  paths: HomePaths,
  wallet: string,
  handle: string,
): Promise<void> {
  await withHost(paths, (host) => host.call("handle.release", { wallet, handle }));
  process.stdout.write(`${handle} is given back: whoever claims it next answers to it.\n`);
}

/** `tinyplace handle accept`: a person's decision whom a handle means that changed (rule C2). */
export async function acceptHandle(
  paths: HomePaths,
  decision: { wallet: string; handle: string; cryptoId: string },
): Promise<void> {
  await withHost(paths, (host) => host.call("handle.accept", decision));
  process.stdout.write(
    `To ${decision.wallet}, ${decision.handle} stands for ${decision.cryptoId}.\n`,
  );
}

async function withHost<T>(paths: HomePaths, run: (host: HostClient) => Promise<T>): Promise<T> {
  const host = await HostClient.connect(paths, "handle");
  try {
    return await run(host);
  } finally {
    host.close();
  }
}
