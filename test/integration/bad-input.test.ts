import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { runProgram, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const POSIX = process.platform !== "win32";

describe("tools answer bad input with the next step", () => {
  test("S5 unknown wallets, R1 labels, F6 sizes and C1 peers", async () => {
    const home = temporaryHome();
    await startDaemon(home);
    const bridge = await startBridge(home, { TINYPLACE_ACTIVE_WALLET: "nobody" });
    const who = await bridge.call("whoami");
    expect(who).toMatchObject({ active: null, label: null });
    expect(who.problem).toMatch(/no wallet named "nobody"/);
    expect(await bridge.call("inbox")).toMatchObject({ code: "session_required" });
    expect(await bridge.call("use", { name: "nobody" })).toMatchObject({ code: "wallet_unknown" });
    expect(await bridge.call("wallet_create", { name: "../x" })).toMatchObject({
      code: "bad_request",
    });
    const { created } = (await bridge.call("wallet_create", { name: "me" })) as {
      created: { address: string };
    };
    expect(await bridge.call("wallet_create", { name: "me" })).toMatchObject({
      code: "wallet_exists",
    });
    expect(await bridge.call("use", { name: "me", label: "no good" })).toMatchObject({
      code: "bad_label",
    });
    await bridge.call("use", { name: "me" });
    const send = (input: object) =>
      bridge.call("send", { to: created.address, body: "x", ...input });
    expect(await send({ to: "nobody at all" })).toMatchObject({ code: "peer_unknown" });
    // The all-zero key is a point of small order: a secret shared with it is no secret.
    expect(await send({ to: "11111111111111111111111111111111" })).toMatchObject({
      code: "peer_identity_mismatch",
    });
    expect(await send({ to_session: "a b" })).toMatchObject({ code: "bad_label" });
    const large = await send({ body: "x".repeat(256 * 1024 + 1) });
    expect(large).toMatchObject({ code: "body_too_large" });
    expect(large.next).toMatch(/Nothing was sent/);
    const half = await send({ body: "half of \ud83d a pair", to_session: "claude:1" });
    expect(half).toMatchObject({ sent: { state: "inbox" } });
    expect(await bridge.call("inbox")).toMatchObject({
      messages: [{ text: "half of \ufffd a pair" }],
    });
    expect(
      await bridge.call("check_reply", { in_reply_to: "msg-none", wait_seconds: 0 }),
    ).toMatchObject({ code: "bad_request" });
    expect(await bridge.call("sessions")).toMatchObject({ count: 1, thisLabel: "claude:1" });
    expect(await bridge.call("contact_requests")).toEqual({ incoming: [], outgoing: [] });
    expect(await bridge.call("contacts")).toEqual({ contacts: [] });
  });

  test("D3 with the relay away a message is queued and nothing is claimed", async () => {
    const home = temporaryHome();
    await startDaemon(home, { TINYPLACE_API_URL: "http://127.0.0.1:9" });
    const bridge = await startBridge(home);
    await bridge.call("wallet_create", { name: "one" });
    const { created } = (await bridge.call("wallet_create", { name: "two" })) as {
      created: { address: string };
    };
    await bridge.call("use", { name: "one" });
    const sent = await bridge.call("send", { to: created.address, body: "later" });
    expect(sent).toMatchObject({ sent: { state: "queued", via: "relay" } });
    expect(await bridge.call("contacts")).toMatchObject({ code: "relay_unreachable" });
  });
});

describe("L1 one owner", () => {
  test("a second daemon is told who runs, and the first goes on", async () => {
    const home = temporaryHome();
    const first = await startDaemon(home);
    const second = await runProgram(["daemon", "--home", home]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${first.ready.pid}`);
    const status = await runProgram(["status", "--json", "--home", home]);
    expect(JSON.parse(status.stdout).host).toMatchObject({
      kind: "headless",
      pid: first.ready.pid,
    });
    expect(await first.stop()).toBe(0);
  });

  test("after kill -9 the next owner takes over at once", async () => {
    const home = temporaryHome();
    const first = await startDaemon(home);
    await first.stop("SIGKILL");
    const second = await startDaemon(home);
    expect(second.ready.pid).not.toBe(first.ready.pid);
  });

  test("M1 with no owner the bridge still lists its tools and says what to do", async () => {
    const bridge = await startBridge(temporaryHome());
    const names = (await bridge.client.listTools()).tools.map((tool) => tool.name);
    expect(names).toEqual(expect.arrayContaining(["wallet_create", "use", "send", "inbox"]));
    const answer = await bridge.call("whoami");
    expect(answer).toMatchObject({ code: "host_absent" });
    expect(answer.next).toMatch(/tinyplace daemon/);
  });
});

describe("Z2 the local socket", () => {
  test("is private, and only who knows the secret is answered", async () => {
    const home = temporaryHome();
    await startDaemon(home);
    const paths = homePaths(home);
    if (POSIX) {
      expect(statSync(paths.socketFolder).mode & 0o777).toBe(0o700);
      expect(statSync(paths.socket).mode & 0o777).toBe(0o600);
      expect(statSync(paths.secret).mode & 0o777).toBe(0o600);
    }
    const wrong = join(temporaryHome(), "secret");
    writeFileSync(wrong, Buffer.alloc(32, 7));
    const intruder = HostClient.connect({ ...paths, secret: wrong }, "test");
    await expect(intruder).rejects.toMatchObject({ code: "proof_refused" });
    const honest = await HostClient.connect(paths, "test");
    expect((await honest.call("status", {})).agents).toEqual([]);
    honest.close();
  });

  test("garbage ends its own connection and harms nobody else", async () => {
    const home = temporaryHome();
    await startDaemon(home);
    const paths = homePaths(home);
    const honest = await HostClient.connect(paths, "test");
    for (const garbage of [
      "GET / HTTP/1.1\r\n\r\n",
      "[]\n",
      "\0\0\0\n",
      "x".repeat(5 * 1024 * 1024),
    ]) {
      const socket = connect(paths.socket);
      socket.on("error", () => undefined);
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.write(garbage);
      await closed;
    }
    // Nothing is answered before the proof.
    const early = connect(paths.socket);
    const line = new Promise<string>((resolve) =>
      early.once("data", (data) => resolve(String(data))),
    );
    early.write('{"jsonrpc":"2.0","id":1,"method":"status","params":{}}\n');
    expect(await line).toContain("proof_refused");
    early.destroy();
    expect((await honest.call("status", {})).host.kind).toBe("headless");
    await expect(honest.call("wallet.create", { name: "" })).rejects.toMatchObject({
      code: "bad_request",
    });
    honest.close();
  });

  test("Z1 the vault's file is encrypted and its key file private", async () => {
    const home = temporaryHome();
    const daemon = await startDaemon(home);
    const bridge = await startBridge(home);
    const { created } = (await bridge.call("wallet_create", { name: "me" })) as {
      created: { address: string };
    };
    await bridge.close();
    await daemon.stop();
    const folder = join(homePaths(home).agents, created.address);
    expect(existsSync(join(folder, "vault.db"))).toBe(true);
    if (POSIX) expect(statSync(join(folder, "vault.key")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(folder, "vault.db")).subarray(0, 15).toString()).not.toBe(
      "SQLite format 3",
    );
    writeFileSync(join(folder, "vault.key"), "{}");
    const before = readFileSync(join(folder, "vault.db"));
    await startDaemon(home);
    const { stdout } = await runProgram(["status", "--json", "--home", home]);
    expect(JSON.parse(stdout)).toMatchObject({
      agents: [],
      unopened: [
        { cryptoId: created.address, code: "vault_locked", next: expect.stringMatching(/backup/) },
      ],
    });
    expect(readFileSync(join(folder, "vault.db")).equals(before)).toBe(true);
  });
});
