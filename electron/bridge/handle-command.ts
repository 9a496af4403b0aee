import type { HomePaths } from "../platform/paths.ts";
import { HostClient } from "./socket-client.ts";
import type { Output } from "./terminal/output.ts";

interface Place {
  readonly paths: HomePaths;
  readonly output: Output;
}

/** `tinyplace handle claim`: names an agent on its relay. Throws what the host answers. */
export async function claimHandle(place: Place, wallet: string, handle: string): Promise<void> {
  const { address } = await withHost(place, (host) =>
    host.call("handle.claim", { wallet, handle }),
  );
  place.output.result({ claimed: { handle, wallet, address } }, () =>
    place.output.line(`${handle} now stands for ${wallet} (${address}).`),
  );
}

/** `tinyplace handle release`: gives a handle back; anybody may claim it then. */
export async function releaseHandle(place: Place, wallet: string, handle: string): Promise<void> {
  await withHost(place, (host) => host.call("handle.release", { wallet, handle }));
  place.output.result({ released: { handle, wallet } }, () =>
    place.output.line(`${handle} is given back: whoever claims it next answers to it.`),
  );
}

/** `tinyplace handle accept`: a person's decision whom a handle means that changed (rule C2). */
export async function acceptHandle(
  place: Place,
  decision: { wallet: string; handle: string; cryptoId: string },
): Promise<void> {
  await withHost(place, (host) => host.call("handle.accept", decision));
  place.output.result({ accepted: decision }, () =>
    place.output.line(`To ${decision.wallet}, ${decision.handle} stands for ${decision.cryptoId}.`),
  );
}

async function withHost<T>({ paths }: Place, run: (host: HostClient) => Promise<T>): Promise<T> {
  const host = await HostClient.connect(paths, "handle");
  try {
    return await run(host);
  } finally {
    host.close();
  }
}
