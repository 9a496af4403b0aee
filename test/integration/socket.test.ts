import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newNonce, proofOf, readSecret } from "../../electron/bridge/secret.ts";
import type { SessionHost } from "../../electron/bridge/session-host.ts";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { type SocketServer, startSocketServer } from "../../electron/bridge/socket-server.ts";
import { type HomePaths, homePaths, privateFolder } from "../../electron/platform/paths.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/version.ts";
import { ManualTime } from "../support/manual-time.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** The socket's bounds (rule Z2), over the port that the daemon stands behind. */
let paths: HomePaths;
let server: SocketServer;
let time: ManualTime;
let ended: number;
let answer: () => Promise<unknown>;

beforeEach(async () => {
  paths = homePaths(temporaryHome());
  privateFolder(paths.home);
  time = new ManualTime();
  ended = 0;
  answer = async () => ({ wallets: [] });
  const host: SessionHost = {
    description: { pid: 1, kind: "headless", version: "0" },
    connect: () => ({
      call: () => answer() as never,
      closed: () => {
        ended++;
      },
    }),
  };
  server = await startSocketServer({ paths, host, timers: time });
});

afterEach(() => server.close());

/** A proven connection whose frames the test writes itself. */
async function proven(): Promise<Socket> {
  const socket = connect(paths.socket);
  socket.on("error", () => undefined);
  const lines = createInterface(socket);
  const next = () =>
    new Promise<string>((resolve) => {
      lines.once("line", resolve);
    });
  const nonce = newNonce();
  const hello = next();
  request(socket, 1, "hello", { protocol: PROTOCOL_VERSION, client: "test", nonce });
  const { result } = JSON.parse(await hello) as { result: { nonce: string } };
  const secret = readSecret(paths.secret) as Uint8Array;
  const proof = next();
  request(socket, 2, "prove", { proof: proofOf(secret, "client", nonce, result.nonce) });
  await proof;
  return socket;
}

function request(socket: Socket, id: number, method: string, params: object): void {
  socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once("close", resolve));

describe("Z2 a client that floods or stalls is cut off without harm to others", () => {
  test("who does not prove that it knows the secret within 5 s", async () => {
    const honest = await HostClient.connect(paths, "honest");
    const silent = connect(paths.socket);
    await new Promise((resolve) => silent.once("connect", resolve));
    const cut = closed(silent);
    // Another connection's answer shows that the silent one was taken before it.
    await honest.call("wallet.list", {});
    time.advance(5_000);
    await cut;
    expect(await honest.call("wallet.list", {})).toEqual({ wallets: [] });
    honest.close();
  });

  test("who asks for more than it reads", async () => {
    const honest = await HostClient.connect(paths, "honest");
    const greedy = await proven();
    answer = async () => ({ wallets: "x".repeat(2 * 1024 * 1024) });
    greedy.pause();
    const before = ended;
    const cut = new Promise<void>((resolve) => {
      const look = () => (ended > before ? resolve() : setImmediate(look));
      look();
    });
    for (let id = 3; id < 63; id++) request(greedy, id, "wallet.list", {});
    await cut;
    greedy.destroy();
    answer = async () => ({ wallets: [] });
    expect(await honest.call("wallet.list", {})).toEqual({ wallets: [] });
    honest.close();
  });

  test("who has too many calls under way is told so, and its others are answered", async () => {
    const client = await HostClient.connect(paths, "many");
    const waiting: (() => void)[] = [];
    answer = () =>
      new Promise((resolve) => {
        waiting.push(() => resolve({ wallets: [] }));
      });
    const calls = Array.from({ length: 65 }, () => client.call("wallet.list", {}));
    await expect(calls[64]).rejects.toMatchObject({ code: "not_allowed" });
    for (const go of waiting) go();
    expect(await Promise.all(calls.slice(0, 64))).toHaveLength(64);
    client.close();
  });

  test("whose frame is over the bound", async () => {
    const honest = await HostClient.connect(paths, "honest");
    const socket = await proven();
    const cut = closed(socket);
    socket.write("x".repeat(4 * 1024 * 1024 + 1));
    await cut;
    expect(await honest.call("wallet.list", {})).toEqual({ wallets: [] });
    honest.close();
  });
});
