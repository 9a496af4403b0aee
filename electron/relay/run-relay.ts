import { TinyplaceError } from "../../shared/errors/errors.ts";
import { type RelayServer, startRelay } from "./server/server.ts";
import { openNamedStore } from "./store/named-store.ts";

const ADDRESS = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i;

/**
 * A relay alone, for agents of other data folders and machines (rule N2): prints one JSON line when
 * it listens, and ends in order at SIGINT or SIGTERM.
 * @param options.listen `HOST:PORT`, port 0 for any free one; `[::1]:PORT` for an IPv6 address
 * @param options.store `sqlite:PATH`, or `nats://HOST:PORT,...`; what is missing there is made
 */
export async function runRelay(options: { listen: string; store: string }): Promise<void> {
  // Before anything is announced: a signal that comes with the first line ends in order, too.
  const ended = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const { host, port } = addressOf(options.listen);
  const store = await openNamedStore(options.store);
  let server: RelayServer;
  try {
    server = await startRelay({ store, host, port });
  } catch (cause) {
    await store.close();
    throw cannotListen(options.listen, cause);
  }
  const ready = { ready: true, url: server.url, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  await ended;
  await server.close();
  await store.close();
}

function addressOf(listen: string): { host: string; port: number } {
  const match = ADDRESS.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host && port <= 65_535) return { host, port };
  throw new TinyplaceError(
    "bad_request",
    `"${listen.slice(0, 80)}" is no address to listen on.`,
    "Write HOST:PORT, for example 127.0.0.1:7700, or [::1]:7700; port 0 takes any free one.",
  );
}

function cannotListen(listen: string, cause: unknown): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    `The relay cannot listen on ${listen}: ${wordsOf(cause)}.`,
    "Choose another port with --listen, or end the program that holds this one.",
    { cause },
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
