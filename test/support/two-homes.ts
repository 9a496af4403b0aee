import { type BridgeClient, type Daemon, startBridge, startDaemon } from "./processes.ts";
import { temporaryHome } from "./temporary-home.ts";

interface Home {
  readonly home: string;
  readonly daemon: Daemon;
  /** A session of the home's one agent. */
  readonly bridge: BridgeClient;
  /** The agent's cryptoId. */
  readonly id: string;
}

/** Two owners on one relay, alice's: nothing in common but what the relay says. */
export async function twoHomes(): Promise<{ alice: Home; bob: Home }> {
  const alice = await home("alice");
  const bob = await home("bob", { TINYPLACE_API_URL: alice.daemon.ready.relay });
  return { alice, bob };
}

async function home(name: string, env: Record<string, string> = {}): Promise<Home> {
  const folder = temporaryHome();
  const daemon = await startDaemon(folder, env);
  const bridge = await startBridge(folder);
  const id = await createWallet(bridge, name);
  await bridge.call("use", { name });
  return { home: folder, daemon, bridge, id };
}

/** The new agent's cryptoId. */
export async function createWallet(bridge: BridgeClient, name: string): Promise<string> {
  const { created } = await bridge.call("wallet_create", { name });
  return (created as { address: string }).address;
}
