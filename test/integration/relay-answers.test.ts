import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { contentDigest } from "../../electron/relay/content-digest.ts";
import { type RelayServer, startRelay } from "../../electron/relay/server/server.ts";
import { createSigner } from "../../electron/relay/signing.ts";
import { SqliteRelayStore } from "../../electron/relay/store/sqlite-store.ts";
import { opaqueEnvelope } from "../support/opaque-envelope.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const clock = { now: () => Date.now() };
const alice = createSigner(new Uint8Array(32).fill(1));
const bob = createSigner(new Uint8Array(32).fill(2));
let store: SqliteRelayStore;
let relay: RelayServer;
let front: Server;
let url: string;
let transports: HttpRelayTransport[];
/** What the front does with the relay's answer to a request; by default it passes it on. */
let answer: (response: ServerResponse, status: number, digest: string, text: string) => void;

const passOn: typeof answer = (response, status, digest, text) => {
  response.writeHead(status, { "content-digest": digest }).end(text);
};

beforeEach(async () => {
  store = new SqliteRelayStore(join(temporaryHome(), "relay.db"));
  relay = await startRelay({ store, port: 0, clock });
  transports = [];
  answer = passOn;
  front = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { host: _own, connection: _hop, "content-length": _length, ...headers } = request.headers;
    const body = Buffer.concat(parts);
    const given = await fetch(relay.url + request.url, {
      method: request.method ?? "GET",
      headers: headers as Record<string, string>,
      body: body.length > 0 ? body : null,
    });
    answer(response, given.status, given.headers.get("content-digest") ?? "", await given.text());
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  await via(relay.url).requestContact(bob.cryptoId);
  await via(relay.url, bob).acceptContact(alice.cryptoId);
});

afterEach(async () => {
  await Promise.all(transports.map((one) => one.close()));
  const closed = once(front, "close");
  front.close();
  front.closeAllConnections();
  await Promise.all([closed, relay.close()]);
  await store.close();
});

function via(address: string, signer = alice): HttpRelayTransport {
  const one = new HttpRelayTransport(address, signer, clock);
  transports.push(one);
  return one;
}

const envelope = (id: string) => opaqueEnvelope({ from: alice, to: bob }, id);

describe("D7 answers that are not the relay's", () => {
  test("every answer of the relay carries its digest, refusals and empty ones too", async () => {
    for (const path of ["/health", "/no/such/route", "/contacts"]) {
      const given = await fetch(relay.url + path);
      expect(given.headers.get("content-digest")).toBe(contentDigest(await given.text()));
    }
    // RFC 9530, appendix B.1: the digest of `{"hello": "world"}` and a newline.
    expect(contentDigest('{"hello": "world"}\n')).toBe(
      "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    );
  });

  test("an answer that changed on its way is not believed", async () => {
    const b = via(url, bob);
    answer = (response, status, digest, text) =>
      passOn(response, status, digest, text.replace("contacts", "contents"));
    await expect(b.contacts()).rejects.toMatchObject({
      code: "relay_unreachable",
      message: expect.stringContaining("damaged on its way"),
    });
  });

  test("after the relay's first answer, a gateway's own are not taken for the relay's", async () => {
    const a = via(url);
    expect(await a.contacts()).toHaveLength(1);
    answer = (response) => void response.writeHead(400).end('{"error":"Bad Request"}');
    await expect(a.put([envelope("m1")])).rejects.toMatchObject({ code: "relay_unreachable" });
    answer = passOn;
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
  });

  test("D6 without digests, a message is accepted only by an answer that names it", async () => {
    const a = via(url);
    for (const [status, text] of [
      [200, "{}"],
      [202, JSON.stringify(envelope("another"))],
      [200, "<html>Please log in</html>"],
      [204, ""],
    ] as const) {
      answer = (response) => void response.writeHead(status).end(text);
      expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: false, permanent: false }]);
    }
    answer = (response, status, _digest, text) => void response.writeHead(status).end(text);
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
  });

  test("D3 without digests, a refusal for good is believed when it is said twice", async () => {
    const a = via(url);
    const refusals = [400];
    answer = (response, status, _digest, text) =>
      void response.writeHead(refusals.shift() ?? status).end(text);
    expect(await a.put([envelope("m1")])).toMatchObject([{ accepted: true }]);
    refusals.push(400, 400);
    expect(await a.put([envelope("m2")])).toMatchObject([{ accepted: false, permanent: true }]);
  });
});
