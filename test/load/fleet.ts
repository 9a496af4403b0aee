import { rmSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../crash/harness/free-port.ts";
import { Random } from "../crash/harness/random.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { type Program, type Started, startProgram } from "../support/programs.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { cpuOf, memoryOf, sizeOf } from "./process-cost.ts";

type Relay = Started<{ url: string; pid: number }>;

/** Relays over one store; each can be killed and comes back where it was. */
export class Fleet {
  readonly cluster: NatsCluster | null;
  readonly urls: readonly string[];
  private readonly store: string;
  private readonly folder: string;
  private readonly program: Program;
  private readonly ports: readonly number[];
  private relays: Relay[] = [];
  /** Processor time of relays that were killed. */
  private spent = 0;

  private constructor(parts: {
    cluster: NatsCluster | null;
    store: string;
    folder: string;
    program: Program;
    ports: readonly number[];
  }) {
    this.cluster = parts.cluster;
    this.store = parts.store;
    this.folder = parts.folder;
    this.program = parts.program;
    this.ports = parts.ports;
    this.urls = parts.ports.map((port) => `http://127.0.0.1:${port}`);
  }

  /** @param nats nodes of the cluster; 0 keeps everything in one SQLite file, of one relay */
  static async start(options: { relays: number; nats: number; program: Program }): Promise<Fleet> {
    const { relays, nats, program } = options;
    const random = new Random(Date.now());
    const cluster = nats > 0 ? await NatsCluster.start(nats) : null;
    const folder = cluster?.folder ?? temporaryHome();
    const store = cluster ? cluster.url : `sqlite:${join(folder, "relay.db")}`;
    const ports = new Set<number>();
    while (ports.size < relays) ports.add(await freePort(random));
    const fleet = new Fleet({ cluster, store, folder, program, ports: [...ports] });
    try {
      fleet.relays = await Promise.all(fleet.ports.map((port) => fleet.startRelay(port)));
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  async killRelay(index: number): Promise<void> {
    const relay = this.relays[index] as Relay;
    this.spent += cpuOf(relay.ready.pid);
    await relay.stop("SIGKILL");
  }

  async restartRelay(index: number): Promise<void> {
    this.relays[index] = await this.startRelay(this.ports[index] as number);
  }

  /** Processor time so far in ms, memory in MB, bytes on disk. */
  cost() {
    const nodes = this.cluster?.nodes ?? [];
    const pids = this.relays.map((relay) => relay.ready.pid);
    const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
    return {
      relayCpu: this.spent + sum(pids.map(cpuOf)),
      natsCpu: sum(nodes.map((node) => node.cpu())),
      relayMb: Math.max(...pids.map(memoryOf)),
      natsMb: Math.max(0, ...nodes.map((node) => memoryOf(node.pid))),
      disk: sizeOf(this.folder),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.relays.map((relay) => relay.stop("SIGKILL")));
    await this.cluster?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private startRelay(port: number): Promise<Relay> {
    const words = ["--listen", `127.0.0.1:${port}`, "--store", this.store];
    return startProgram(["relay", ...words], { program: this.program });
  }
}
