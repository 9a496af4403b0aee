import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { createSigner, streamAuthorization } from "../../electron/relay/signing.ts";
import { renewCertificate } from "../support/certificate.ts";
import { NatsCluster } from "../support/nats-cluster.ts";
import { runProgram } from "../support/processes.ts";
import { startProgram } from "../support/programs.ts";
import { callRelay } from "../support/relay-call.ts";
import { signInToken } from "../support/sign-in-token.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const alice = createSigner(new Uint8Array(32).fill(1));
const database = () => `sqlite:${join(temporaryHome(), "relay.db")}`;

async function relayWith(...words: string[]) {
  const relay = await startProgram<{ url: string; metrics?: string }>(["relay", ...words], {
    started: (stop) => onTestFinished(async () => void (await stop())),
  });
  return { ...relay, url: relay.ready.url, port: Number(new URL(relay.ready.url).port) };
}

function tokenCall(port: number, ca: string): Promise<number | undefined> {
  const headers = {
    "x-tinyplace-public-key": alice.address,
    "x-tinyplace-signature": signInToken(alice, Date.now(), Date.now() + 60_000),
    "x-agent-id": alice.cryptoId,
  };
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, ca, path: "/contacts", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    call.once("error", reject).end();
  });
}

function serialOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}

test("N2 a relay speaks TLS, and takes a renewed certificate while it runs", async () => {
  const folder = temporaryHome();
  const { cert, key } = renewCertificate(folder);
  const tls = ["--tls-cert", cert, "--tls-key", key];
  const relay = await relayWith("--listen", "127.0.0.1:0", "--store", database(), ...tls);
  expect(relay.url).toMatch(/^https:/);
  const first = await serialOf(relay.port);
  renewCertificate(folder);
  await expect.poll(() => serialOf(relay.port)).not.toBe(first);
  expect(await tokenCall(relay.port, readFileSync(cert, "utf8"))).toBe(200);
});

test("N4 bearer tokens are taken over TLS beyond loopback, and not without", async () => {
  const { cert, key } = renewCertificate(temporaryHome());
  const words = ["--listen", "0.0.0.0:0", "--store"];
  const secure = await relayWith(...words, database(), "--tls-cert", cert, "--tls-key", key);
  expect(await tokenCall(secure.port, readFileSync(cert, "utf8"))).toBe(200);
  const plain = await relayWith(...words, database());
  const answer = await callRelay(
    { url: `http://127.0.0.1:${plain.port}`, now: Date.now() },
    alice,
    { method: "GET", uri: "/contacts" },
    { headers: { "x-tinyplace-signature": signInToken(alice, Date.now(), Date.now() + 60_000) } },
  );
  expect(answer.status).toBe(401);
});

async function halfARequest(port: number): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /contacts/${alice.cryptoId} HTTP/1.1\r\nHost: relay\r\nContent-Length: 4\r\n\r\nab`,
  );
  const answer = new Promise<string>((resolve, reject) => {
    let text = "";
    socket.on("data", (data: Buffer) => {
      text += data.toString();
    });
    socket.once("close", () => resolve(text));
    socket.once("error", reject);
  });
  return { socket, answer };
}

test("N2 a relay that is told to end is not ready, sends doorbells away and finishes requests", async () => {
  const words = ["--listen", "127.0.0.1:0", "--store", database(), "--drain-seconds", "4"];
  const relay = await relayWith(...words);
  expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${relay.url}/readyz`)).json()).toEqual({ ready: true });
  const authorization = encodeURIComponent(streamAuthorization(alice, Date.now()));
  const stream = `ws://127.0.0.1:${relay.port}/inbox/stream?authorization=${authorization}`;
  const bell = new WebSocket(stream);
  await once(bell, "open");
  const half = await halfARequest(relay.port);
  const away = once(bell, "close");
  const ended = relay.stop();
  const [code, reason] = (await away) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1001, "relay is going away"]);
  const ready = await fetch(`${relay.url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([503, { ready: false, why: "draining" }]);
  const refused = new WebSocket(stream);
  const [error] = (await once(refused, "error")) as [Error];
  expect(error.message).toContain("503");
  // No new connection any more: the listener is closed, the request from before is not.
  await expect
    .poll(() =>
      fetch(`${relay.url}/healthz`).then(
        () => "open",
        () => "closed",
      ),
    )
    .toBe("closed");
  half.socket.write("cd");
  const answer = await half.answer;
  expect(answer).toContain("missing x-tinyplace-public-key");
  // The next request goes to another relay.
  expect(answer).toMatch(/^connection: close\r$/im);
  expect(await ended).toBe(0);
});

test("N3 a relay whose cluster is away says so, lives, and serves again when it is back", async () => {
  const cluster = await NatsCluster.start(1);
  onTestFinished(() => cluster.close());
  const relay = await relayWith("--listen", "127.0.0.1:0", "--store", `${cluster.url}?replicas=1`);
  const status = async (path: string) => (await fetch(relay.url + path)).status;
  expect(await status("/readyz")).toBe(200);
  await cluster.nodes[0]?.stop("SIGKILL");
  expect(await status("/readyz")).toBe(503);
  expect(await status("/healthz")).toBe(200);
  cluster.nodes[0]?.start();
  await expect.poll(() => status("/readyz")).toBe(200);
  expect(
    (
      await callRelay({ url: relay.url, now: Date.now() }, alice, {
        method: "GET",
        uri: "/contacts",
      })
    ).status,
  ).toBe(200);
  await cluster.nodes[0]?.stop("SIGKILL");
  expect(await relay.stop()).toBe(0);
});

test("N3 a cluster behind TLS and a password lets in who has both", async () => {
  const folder = temporaryHome();
  const { cert, key } = renewCertificate(folder);
  const password = join(folder, "password");
  writeFileSync(password, "correct horse\n", { mode: 0o600 });
  const cluster = await NatsCluster.start(
    1,
    `tls { cert_file: "${cert}", key_file: "${key}" }
    authorization { user: "relay", password: "correct horse" }`,
  );
  onTestFinished(() => cluster.close());
  const address = cluster.url.replace("nats://127.0.0.1", "tls://localhost");
  const store = `${address}?replicas=1&ca=${cert}&user=relay&password-file=${password}`;
  const relay = await relayWith("--listen", "127.0.0.1:0", "--store", store);
  expect((await fetch(`${relay.url}/readyz`)).status).toBe(200);
  const stranger = `${address}?replicas=1&ca=${cert}`;
  const refused = await runProgram(["relay", "--listen", "127.0.0.1:0", "--store", stranger]);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/No NATS server of .* lets this relay in: .*uthorization/);
});

test("N4 metrics count by route and reason; the log holds no address, key or body", async () => {
  const words = ["--store", database(), "--metrics", "127.0.0.1:0", "--log-level", "debug"];
  const relay = await relayWith("--listen", "127.0.0.1:0", ...words);
  const call = (uri: string, sent = {}) =>
    callRelay({ url: relay.url, now: Date.now() }, alice, { method: "GET", uri }, sent);
  await call(`/contacts/${alice.cryptoId}/status`);
  await call("/contacts", { headers: { "x-tinyplace-date": "2001-01-01T00:00:00Z" } });
  const text = await (await fetch(relay.ready.metrics ?? "")).text();
  const route = 'method="GET",route="/contacts/:id/status",status="200"';
  expect(text).toContain(`tinyplace_relay_requests_total{${route}} 1`);
  expect(text).toContain('tinyplace_relay_refusals_total{reason="stale_date"} 1');
  expect(text).toContain("tinyplace_relay_doorbells 0");
  expect((await fetch(`${relay.url}/metrics`)).status).toBe(404);
  expect(await relay.stop()).toBe(0);
  const log = relay.errors();
  const lines = log
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string });
  expect(lines.map((line) => line.msg)).toContain("answered");
  expect(log).not.toContain(alice.cryptoId);
  expect(log).not.toContain(alice.address);
});

test("the relay's limits are read, and what makes no sense is refused", async () => {
  const base = ["relay", "--listen", "127.0.0.1:0", "--store", database()];
  const cases = [
    [["--retention-days", "3"], /--retention-days is at least 8/],
    [["--mailbox-messages", "many"], /--mailbox-messages takes a whole number from 1/],
    [["--tls-cert", "cert.pem"], /TLS needs both files/],
    [["--tls-cert", "/no/cert", "--tls-key", "/no/key"], /TLS files .* cannot be used/],
    [["--log-level", "loud"], /no such --log-level/],
  ] as const;
  for (const [words, problem] of cases) {
    const ended = await runProgram([...base, ...words]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toMatch(problem);
  }
  for (const store of [
    "nats://",
    "nats://h:1?replicas=9",
    "nats://h:1?x=1",
    "nats://h:1?creds=/no",
    "tls://127.0.0.1:1",
  ]) {
    const ended = await runProgram([...base.slice(0, -1), store]);
    expect(ended).toMatchObject({ code: 1, stdout: "" });
    expect(ended.stderr).toContain("nats://HOST:PORT");
  }
});
