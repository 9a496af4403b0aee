import type { Incident } from "../../../shared/model/snapshot.ts";
import type { Clock } from "../../platform/clock.ts";
import { type RelayServer, startRelay } from "../server/server.ts";
import { openRelayStore } from "../store/open-store.ts";
import { EMBEDDED_HEARTBEAT_MS } from "./heartbeat.ts";

export interface EmbeddedOptions {
  /** The database's file; its folder is there. */
  readonly database: string;
  /** Of the data folder's owner: later ones refuse our writes. */
  readonly ownerEpoch: number;
  /** Taken where it is free, else any. */
  readonly port: number;
}

/** The relay that belongs to one data folder, wherever it runs. */
export interface EmbeddedRelay {
  readonly url: string;
  readonly port: number;
  /** The database was damaged and is a new one. */
  readonly incident: Incident | null;
  /** Who listens (cryptoIds). */
  listeners(): readonly string[];
  close(): Promise<void>;
}

/** Store and server on loopback, in this thread. @param usedBy as RelayOptions has it */
export async function startEmbeddedRelay(
  { database, ownerEpoch, port }: EmbeddedOptions,
  { clock, usedBy }: { clock: Clock; usedBy: (agent: string) => void },
): Promise<EmbeddedRelay> {
  const { store, incident } = openRelayStore(database, ownerEpoch, clock.now());
  const start = (at: number) =>
    startRelay({ store, port: at, clock, usedBy, heartbeatMs: EMBEDDED_HEARTBEAT_MS });
  let server: RelayServer;
  try {
    server = await start(port).catch(() => start(0));
  } catch (error) {
    await store.close();
    throw error;
  }
  return {
    url: server.url,
    port: server.port,
    incident,
    listeners: () => server.listeners(),
    close: async () => {
      await server.close();
      await store.close();
    },
  };
}
