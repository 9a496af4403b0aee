import type { Incident } from "../../../shared/model/snapshot.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Installation } from "../client/relay-client.ts";
import { SILENT } from "../server/observer.ts";
import { NO_RATES, RateLimits } from "../server/rate-limit.ts";
import { relayRoutes } from "../server/routes.ts";
import type { RelayFront } from "../server/server.ts";
import type { Signer } from "../signing.ts";
import { openRelayStore } from "../store/open-store.ts";
import type { RelayTransport } from "../transport.ts";
import type { Ring } from "../wire.ts";
import { LocalBells } from "./local-bells.ts";
import { LocalRoutes } from "./local-routes.ts";
import { LocalRelayTransport } from "./local-transport.ts";
import { OutsideDoor } from "./outside-door.ts";

export interface EmbeddedOptions {
  /** The database's file; its folder is there. */
  readonly database: string;
  /** Of the data folder's owner: later ones refuse our writes. */
  readonly ownerEpoch: number;
  /** Taken where it is free, else any. */
  readonly port: number;
  readonly clock: Clock;
  /** Told who of other processes makes a signed request, or opens or closes a doorbell (cryptoId). */
  readonly usedBy: (agent: string) => void;
  /**
   * Told before the relay starts that its database was damaged and is a new one; later, once each, that it
   * is damaged, and that others cannot be served.
   */
  readonly incident: (incident: Incident) => void;
  /** What serves HTTP: loaded when the first of another process comes. */
  readonly loadServer?: () => Promise<typeof import("../server/server.ts")>;
}

/** The relay that belongs to one data folder, in the process that owns it. */
export interface EmbeddedRelay {
  /** Where other processes reach it. */
  readonly url: string;
  readonly port: number;
  /** The way of an agent of this process, which needs no signatures. */
  transportOf(
    agent: Pick<Signer, "address" | "cryptoId">,
    installation: Installation | null,
  ): RelayTransport;
  /** Who of other processes listens (cryptoIds). */
  listeners(): readonly string[];
  close(): Promise<void>;
}

/** One relay for agents of this process, and over HTTP on loopback for all others. */
export async function startEmbeddedRelay(options: EmbeddedOptions): Promise<EmbeddedRelay> {
  const { database, ownerEpoch, clock, usedBy } = options;
  const loadServer = options.loadServer ?? (() => import("../server/server.ts"));
  const opened = openRelayStore(database, ownerEpoch, clock, options.incident);
  const { store } = opened;
  if (opened.incident) options.incident(opened.incident);
  const startedAt = clock.now();
  const bells = new LocalBells();
  const rung = (agent: string, ring: Ring) => bells.ring(agent, ring);
  const load = async (): Promise<RelayFront> => {
    const { createFront } = await loadServer();
    return createFront({ store, loopback: true, clock, startedAt, usedBy, rung });
  };
  let isTold = false;
  const unserved = (error: unknown) => {
    if (!isTold) options.incident(othersUnserved(error, clock.now()));
    isTold = true;
  };
  const openAt = (port: number) => OutsideDoor.open(port, load, unserved);
  let door: OutsideDoor;
  try {
    door = await openAt(options.port).catch(() => openAt(0));
  } catch (error) {
    await opened.close();
    throw error;
  }
  const url = `http://127.0.0.1:${door.port}`;
  const rates = new RateLimits(clock, NO_RATES);
  const ring = async (agent: string, what: Ring) => {
    rung(agent, what);
    await door.front?.ring(agent, what);
  };
  const routes = new LocalRoutes(relayRoutes({ store, clock, rates, observer: SILENT, ring }));
  return {
    url,
    port: door.port,
    transportOf: (agent, installation) =>
      new LocalRelayTransport({ url, routes, bells, agent, installation }),
    listeners: () => door.front?.listeners() ?? [],
    close: async () => {
      try {
        await door.close();
      } finally {
        await opened.close();
      }
    },
  };
}

/** E.g. an update replaced the program's files under this process, and what serves HTTP is gone. */
function othersUnserved(error: unknown, now: number): Incident {
  const why = error instanceof Error ? error.message : String(error);
  const words = `Programs of other data folders asked for the relay in this one, and what serves them could not be started (${why}). Quit tinyplace and start it again. Mail between agents of this data folder goes on as before.`;
  return { at: new Date(now).toISOString(), kind: "others_unserved", words };
}
