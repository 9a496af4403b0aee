import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { RelayMetrics } from "./relay-metrics.ts";
import type { Address } from "./relay-options.ts";

export interface OperatorServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Metrics for Prometheus at an address of their own: they are no business of the relay's clients. */
export async function startOperatorServer(
  { host, port }: Address,
  metrics: RelayMetrics,
): Promise<OperatorServer> {
  const { registry } = metrics;
  const server = createServer((request, response) => {
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
