import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../crash/harness/free-port.ts";
import { Random } from "../crash/harness/random.ts";
import { cpuOf } from "../load/process-cost.ts";
import { temporaryHome } from "./temporary-home.ts";

/** One nats-server process; started again it finds what it stored. */
class NatsNode {
  readonly port: number;
  private readonly file: string;
  private child: ChildProcess | null = null;
  private closed: Promise<void> = Promise.resolve();
  /** Processor time of its lives before, in ms. */
  private spent = 0;

  constructor(port: number, file: string) {
    this.port = port;
    this.file = file;
  }

  start(): void {
    // Debian puts it where only root's PATH looks.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin` };
    const stdio = ["ignore", "ignore", "inherit"] as const;
    const child = spawn("nats-server", ["-c", this.file], { env, stdio: [...stdio] });
    this.child = child;
    this.closed = new Promise((resolve) => child.once("close", () => resolve()));
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Processor time of all its lives, in ms. */
  cpu(): number {
    return this.spent + cpuOf(this.pid);
  }

  /** Resolves when the process is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.spent += cpuOf(this.pid);
    this.child?.kill(signal);
    await this.closed;
  }
}

/** A real JetStream cluster on loopback; its nodes can be killed and started again. */
export class NatsCluster {
  readonly nodes: readonly NatsNode[];
  /** Everything they store. */
  readonly folder: string;

  private constructor(nodes: readonly NatsNode[], folder: string) {
    this.nodes = nodes;
    this.folder = folder;
  }

  /** @param settings lines added to each node's configuration */
  static async start(size: number, settings = ""): Promise<NatsCluster> {
    const random = new Random(process.pid * 1000 + (Date.now() % 1000));
    const home = temporaryHome();
    const ports: number[] = [];
    while (ports.length < 2 * size) {
      const port = await freePort(random);
      if (!ports.includes(port)) ports.push(port);
    }
    const routes = ports.slice(size).map((port) => `nats-route://127.0.0.1:${port}`);
    const nodes = Array.from({ length: size }, (_, index) => {
      const folder = join(home, `nats-${index}`);
      mkdirSync(folder);
      const file = join(folder, "nats.conf");
      // Its log goes to a file: what it says about a peer that was killed is no test's output.
      const log = join(folder, "nats.log");
      writeFileSync(
        file,
        `server_name: node-${index}
listen: "127.0.0.1:${ports[index]}"
max_payload: 8MB
${settings}
log_file: "${log}"
jetstream { store_dir: "${folder}", max_memory_store: 256MB, max_file_store: 4GB }
${size > 1 ? `cluster { name: relay, listen: "127.0.0.1:${ports[size + index]}", routes: [${routes.join(", ")}] }` : ""}
`,
      );
      return new NatsNode(ports[index] as number, file);
    });
    for (const node of nodes) node.start();
    return new NatsCluster(nodes, home);
  }

  /** As `--store` takes it. */
  get url(): string {
    return `nats://${this.nodes.map((node) => `127.0.0.1:${node.port}`).join(",")}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
  }
}
