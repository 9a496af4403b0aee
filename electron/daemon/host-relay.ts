import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { type RelayChoice, relayUrlOf } from "../../shared/model/relay-choice.ts";
import type { Incident } from "../../shared/model/snapshot.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import { installationOf } from "../platform/installation.ts";
import { type HomePaths, privateFolder } from "../platform/paths.ts";
import type { EmbeddedRelay } from "../relay/embedded/embedded-relay.ts";
import { createSigner } from "../relay/signing.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { asStorageError } from "../vault/storage-errors.ts";
import type { Agent } from "./agent.ts";
import type { HostSettings } from "./host-settings.ts";
import type { Identity } from "./identity.ts";
import { PeerQueue } from "./peer-queue.ts";

/** A relay that is left is asked once more for what is there, in ms. */
const LAST_LOOK_MS = 5_000;

interface HostRelayParts {
  readonly paths: HomePaths;
  /** Of the owner: later ones refuse our writes. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly settings: HostSettings;
  /** TINYPLACE_API_URL, which stands before what a person chose; null where it is not set. */
  readonly forced: string | null;
  readonly agents: () => readonly Agent[];
  /** Who of other processes used the embedded relay (cryptoId). */
  readonly usedBy: (agent: string) => void;
  readonly incident: (incident: Incident) => void;
}

/** Which relay the agents of a data folder use (rule N1), and the embedded one while it runs. */
export class HostRelay {
  private readonly parts: HostRelayParts;
  private server: EmbeddedRelay | null = null;
  /** What other relays are asked with: loaded where there is one. */
  private network: typeof import("../relay/client/network.ts") | null = null;
  private url = "";
  /** Changes, one at a time. */
  private readonly changes = new PeerQueue();
  private closed = false;

  constructor(parts: HostRelayParts) {
    this.parts = parts;
  }

  /** Throws `bad_request` where TINYPLACE_API_URL is no address. */
  async start(): Promise<void> {
    const { forced, settings } = this.parts;
    const elsewhere = forced === null ? settings.relay : relayUrlOf(forced, "TINYPLACE_API_URL");
    if (elsewhere !== null) await this.loadNetwork();
    this.url = elsewhere ?? (await this.embedded()).url;
  }

  get address(): string {
    return this.url;
  }

  get isEmbedded(): boolean {
    return this.server !== null && this.server.url === this.url;
  }

  get choice(): RelayChoice {
    const { forced, settings } = this.parts;
    const from = forced !== null ? "environment" : settings.relay !== null ? "chosen" : "embedded";
    return { url: this.url, from, publishesForAll: settings.publishesForAll };
  }

  /** Who listens at the embedded relay (cryptoIds). */
  listeners(): readonly string[] {
    return this.server?.listeners() ?? [];
  }

  /** An agent's own way to the relay of now. */
  transportOf(identity: Identity): RelayTransport {
    const installation = installationOf(this.parts.paths.installation);
    if (this.server && this.isEmbedded) return this.server.transportOf(identity, installation);
    if (!this.network) throw new Error("another relay is used before what asks it is loaded");
    const { HttpRelayTransport } = this.network;
    const signer = createSigner(identity.seed);
    return new HttpRelayTransport(this.url, signer, this.parts.clock, { installation });
  }

  /**
   * All agents go to another relay, at once; null is the embedded one, which goes on for others when it
   * is left, until the host ends. Before anything changes it throws `not_allowed` while
   * TINYPLACE_API_URL names one, and `relay_unreachable` or `relay_refused` where no relay answers.
   */
  use(url: string | null): Promise<void> {
    return this.changes.run("relay", () => this.change(url));
  }

  /** After the agents. */
  async close(): Promise<void> {
    this.closed = true;
    await this.server?.close();
  }

  private async change(url: string | null): Promise<void> {
    const { forced, settings, clock, agents } = this.parts;
    if (forced !== null) throw isForced();
    if (url === settings.relay) return;
    if (url !== null) await (await this.loadNetwork()).probeRelay(url, clock);
    const next = url ?? (await this.embedded()).url;
    if (this.closed) throw ends();
    settings.change({ relay: url });
    this.url = next;
    // Agents that are opened from here on begin there.
    const leaving = agents();
    await this.lastLook(leaving);
    await Promise.all(leaving.map((one) => one.changeRelay(this.transportOf(one.identity))));
  }

  /**
   * What the agents sent to each other is read at the relay they leave, if it answers: there it would
   * wait until they are back.
   */
  private async lastLook(agents: readonly Agent[]): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.parts.timers.after(LAST_LOOK_MS, resolve);
    });
    const look = async () => {
      await Promise.allSettled(agents.map((one) => one.stopSending()));
      await Promise.allSettled(agents.map((one) => one.lookForMail()));
    };
    await Promise.race([look(), late]);
    cancel();
  }

  /** The relay of this process, started when it is first needed. */
  private async embedded(): Promise<EmbeddedRelay> {
    if (this.server) return this.server;
    const { paths } = this.parts;
    const { relayDatabase, relayPort } = paths;
    privateFolder(dirname(relayDatabase));
    // The same port as last time where it is free, so that other programs' settings stay right.
    const last = existsSync(relayPort) ? Number(readFileSync(relayPort, "utf8")) || 0 : 0;
    const server = await this.startEmbedded(relayDatabase, last);
    if (this.closed) {
      await server.close();
      throw ends();
    }
    this.server = server;
    writeFileSync(relayPort, String(server.port), { mode: 0o600 });
    return server;
  }

  private async startEmbedded(database: string, port: number): Promise<EmbeddedRelay> {
    const { epoch, clock, usedBy, incident } = this.parts;
    const { startEmbeddedRelay } = await import("../relay/embedded/embedded-relay.ts");
    try {
      const parts = { clock, usedBy, incident };
      return await startEmbeddedRelay({ ...parts, database, ownerEpoch: epoch, port });
    } catch (error) {
      throw asStorageError(error);
    }
  }

  private async loadNetwork() {
    this.network ??= await import("../relay/client/network.ts");
    return this.network;
  }
}

function isForced(): TinyplaceError {
  return new TinyplaceError(
    "not_allowed",
    "TINYPLACE_API_URL names the relay, and stands before what is chosen here.",
    "Start tinyplace without it, then choose. Nothing was changed.",
  );
}

function ends(): TinyplaceError {
  return new TinyplaceError(
    "host_absent",
    "tinyplace ended before the relay was changed.",
    "Start it again, then choose the relay. Nothing was changed.",
  );
}
