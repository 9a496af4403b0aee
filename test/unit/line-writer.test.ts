import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { LineWriter } from "../../electron/bridge/framing.ts";

const open: { close(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

/** Both ends of a connection, and what arrives at the second. */
async function connection() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const near = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [far] = (await accepted) as [Socket];
  open.push({ close: () => server.close() });
  open.push({ close: () => near.destroy() });
  let text = "";
  far.on("data", (data) => {
    text += data.toString("utf8");
  });
  return { near, far, received: () => text };
}

const message = (id: number) => ({ jsonrpc: "2.0", id });
const lines = (ids: number[]) => ids.map((id) => `${JSON.stringify(message(id))}\n`).join("");

test("what is written in one turn goes out at once, in its order", async () => {
  const { near, far, received } = await connection();
  const writes: unknown[] = [];
  const { write } = near;
  near.write = ((...given: Parameters<typeof write>) => {
    writes.push(given[0]);
    return write.apply(near, given);
  }) as typeof write;
  const writer = new LineWriter(near);
  await Promise.all([1, 2, 3].map((id) => writer.write(message(id))));
  await writer.write(message(4));
  expect(writes).toEqual([lines([1, 2, 3]), lines([4])]);
  const ended = once(far, "end");
  writer.end();
  await ended;
  expect(received()).toBe(lines([1, 2, 3, 4]));
});

test("what was written just before the end still goes out, and its writer is told", async () => {
  const { near, far, received } = await connection();
  const writer = new LineWriter(near);
  const written = writer.write(message(1));
  const ended = once(far, "end");
  writer.end();
  await written;
  await ended;
  expect(received()).toBe(lines([1]));
});

test("a write to a connection that is gone fails", async () => {
  const { near } = await connection();
  const closed = once(near, "close");
  near.destroy();
  await closed;
  await expect(new LineWriter(near).write(message(1))).rejects.toThrow();
});
