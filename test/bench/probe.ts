import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";

const EVERY_MS = 5;

/**
 * Asks a host for little, again and again, from a thread of its own: what floods the host here keeps
 * the asking waiting no more than the answer. Times in ms.
 */
export class Probe {
  private readonly worker: Worker;

  private constructor(worker: Worker) {
    this.worker = worker;
  }

  /** @param home the host's data folder */
  static async start(home: string): Promise<Probe> {
    const worker = new Worker(import.meta.filename, { workerData: home });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    return new Probe(worker);
  }

  /** How long each answer took. */
  async stop(): Promise<number[]> {
    const times = new Promise<number[]>((resolve, reject) => {
      this.worker.once("message", resolve).once("error", reject);
    });
    this.worker.postMessage("stop");
    return times;
  }
}

async function ask(home: string): Promise<void> {
  const client = await HostClient.connect(homePaths(home), "bench");
  const times: number[] = [];
  let over = false;
  parentPort?.once("message", () => {
    over = true;
  });
  parentPort?.postMessage("started");
  while (!over) {
    const start = performance.now();
    await client.call("wallet.list", {});
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  client.close();
  parentPort?.postMessage(times);
}

if (!isMainThread) await ask(workerData as string);
