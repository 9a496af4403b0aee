import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Pool } from "undici";
import { quantile, rounded } from "./numbers.ts";

/** As an envelope with a text of 900 bytes. */
const BODY = JSON.stringify({ envelope: "x".repeat(1700) });

/**
 * What a message must cost on an idle machine, each measured alone: libsignal once, the commits on its
 * way one after the other, and one round trip over HTTP on loopback. Medians in ms.
 */
export async function latencyFloor(
  count: number,
  alone: { readonly libsignalPerSecond: number; readonly commitsMs: number },
) {
  const roundTrip = quantile(await roundTrips(count), 0.5);
  const libsignal = rounded(1000 / alone.libsignalPerSecond);
  return {
    libsignal_of_one_message_ms: libsignal,
    loopback_http_p50_ms: roundTrip,
    latency_floor_ms: rounded(libsignal + alone.commitsMs + roundTrip),
  };
}

async function roundTrips(count: number): Promise<number[]> {
  const server = createServer((request, response) => {
    request.resume();
    request.once("end", () => response.end('{"ok":true}'));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new Pool(`http://127.0.0.1:${port}`, { connections: 1 });
  const times: number[] = [];
  // The first ones open the connection and warm the code up.
  for (let i = -20; i < count; i++) {
    const start = performance.now();
    const { body } = await client.request({ method: "POST", path: "/", body: BODY });
    await body.text();
    if (i >= 0) times.push(performance.now() - start);
  }
  await client.close();
  server.close();
  await once(server, "close");
  return times;
}
