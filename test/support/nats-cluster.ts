import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../crash/harness/free-port.ts";
import { Random } from "../crash/harness/random.ts";
import { temporaryHome } from "./temporary-home.ts";

/** One nats-server process; started again it finds what it stored. */
class NatsNode {
  readonly port: number;
  private readonly file: string;
  private child: ChildProcess | null = null;
  private closed: Promise<void> = Promise.resolve();
  private log = "";

  constructor(port: number, file: string) {
    this.port = port;
    this.file = file;
  }

  start(): void {
    // Debian puts it where only root's PATH looks.
    const env = { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin` };
    const stdio = ["ignore", "ignore", "pipe"] as const;
    const child = spawn("nats-server", ["-c", this.file], { env, stdio: [...stdio] });
    child.stderr.on("data", (data: Buffer) => {
      this.log += data.toString();
    });
    // Not there: whoever waits for the cluster is told why.
    child.once("error", (error) => {
      this.log += error.message;
    });
    this.child = child;
    this.closed = new Promise((resolve) => child.once("close", () => resolve()));
  }

  /** Resolves when the process is gone. */
  async stop(signal: NodeJS.Signals): Promise<void> {
    this.child?.kill(signal);
    await this.closed;
  }

  /** What it wrote, for a failure's words. */
  errors(): string {
    return this.log;
  }
}

/** A real JetStream cluster on loopback; its nodes can be killed and started again. */
export class NatsCluster {
  readonly nodes: readonly NatsNode[];

  private constructor(nodes: readonly NatsNode[]) {
    this.nodes = nodes;
  }

  static async start(size: number): Promise<NatsCluster> {
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
      writeFileSync(
        file,
        `server_name: node-${index}
listen: "127.0.0.1:${ports[index]}"
max_payload: 8MB
jetstream { store_dir: "${folder}", max_memory_store: 256MB, max_file_store: 4GB }
${size > 1 ? `cluster { name: relay, listen: "127.0.0.1:${ports[size + index]}", routes: [${routes.join(", ")}] }` : ""}
`,
      );
      return new NatsNode(ports[index] as number, file);
    });
    for (const node of nodes) node.start();
    return new NatsCluster(nodes);
  }

  /** As `--store` takes it. */
  get url(): string {
    return `nats://${this.nodes.map((node) => `127.0.0.1:${node.port}`).join(",")}`;
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop("SIGKILL")));
  }
}
