import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HostClient } from "../../electron/bridge/socket-client.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { type Daemon, runProgram, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Rule Z1 over the real program: daemon, socket, command line, bridge. */
const FIRST = "correct horse battery";
const SECOND = "a different one entirely";

function secretFile(home: string, name: string, passphrase: string): string {
  const path = join(home, name);
  writeFileSync(path, `${passphrase}\n`, { mode: 0o600 });
  return path;
}

async function statusOf(home: string): Promise<HostSnapshot> {
  const client = await HostClient.connect(homePaths(home), "test");
  try {
    return await client.call("status", {});
  } finally {
    client.close();
  }
}

/** Everything a program printed, so that no secret can hide in it. */
class Outputs {
  text = "";

  async run(words: readonly string[], env: Record<string, string> = {}) {
    const ran = await runProgram(words, env);
    this.text += ran.stdout + ran.stderr;
    return ran;
  }

  watch(daemon: Daemon): Daemon {
    for (const stream of [daemon.child.stdout, daemon.child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.text += data.toString();
      });
    }
    return daemon;
  }
}

test("Z1 a passphrase locks one agent, says so, and leaves the others at work", async () => {
  const home = temporaryHome();
  const outputs = new Outputs();
  let daemon = outputs.watch(await startDaemon(home));
  const setup = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-0" });
  const create = async (name: string) =>
    ((await setup.call("wallet_create", { name })).created as { address: string }).address;
  const secret = await create("secret one");
  const open = await create("open one");
  await setup.call("use", { name: "secret one" });
  await setup.call("send", { to: secret, body: "a note to myself", to_session: "claude:7" });

  const first = secretFile(home, "first", FIRST);
  const second = secretFile(home, "second", SECOND);
  const key = readFileSync(join(home, "agents", secret, "vault.key"), "utf8");
  const keyText = JSON.parse(key).slots[0].key as string;
  const passphrase = (action: string, ...words: string[]) =>
    outputs.run(["passphrase", action, "--wallet", "secret one", ...words, "--home", home]);

  expect(await passphrase("lock")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no passphrase/),
  });
  expect((await passphrase("set", "--new-file", first)).code).toBe(0);
  expect(await passphrase("set", "--new-file", second)).toMatchObject({ code: 1 });
  expect((await statusOf(home)).agents.map((one) => one.keyStore)).toEqual(["file", "passphrase"]);
  await setup.close();
  await daemon.stop();

  // A new start: the agent is locked, named, and never made anew; the other one works.
  daemon = outputs.watch(await startDaemon(home));
  const locked = await statusOf(home);
  expect(locked.agents.map((one) => one.cryptoId)).toEqual([open]);
  expect(locked.unopened).toEqual([
    {
      cryptoId: secret,
      name: "secret one",
      code: "vault_locked",
      reason: expect.stringMatching(/locked/),
      next: expect.stringMatching(/tinyplace passphrase unlock/),
      underPassphrase: true,
    },
  ]);
  const bridge = await startBridge(home, { CLAUDE_CODE_SESSION_ID: "s-1" });
  expect(await bridge.call("use", { name: "secret one" })).toMatchObject({ code: "vault_locked" });
  expect(await bridge.call("wallet_create", { name: "secret one" })).toMatchObject({
    code: "wallet_exists",
  });
  expect(await bridge.call("use", { name: "open one" })).toMatchObject({ label: "claude:1" });
  expect(
    await bridge.call("send", { to: open, body: "still here", to_session: "claude:1" }),
  ).toMatchObject({ sent: { state: "inbox" } });

  const wrong = await passphrase("unlock", "--file", second);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/not the passphrase/)]);
  expect((await passphrase("unlock", "--file", first)).code).toBe(0);
  expect((await passphrase("unlock", "--file", first)).code).toBe(0);
  const unlocked = await statusOf(home);
  expect(unlocked.unopened).toEqual([]);
  expect(unlocked.agents.find((one) => one.cryptoId === secret)).toMatchObject({ holds: 1 });

  // Locking ends its sessions; the bridge connects again and hears why.
  const session = await startBridge(home, {
    TINYPLACE_ACTIVE_WALLET: "secret one",
    CLAUDE_CODE_SESSION_ID: "s-0",
  });
  expect(await session.call("whoami")).toMatchObject({ label: "claude:1" });
  expect((await passphrase("lock")).code).toBe(0);
  expect(await session.call("use", { name: "secret one" })).toMatchObject({ code: "vault_locked" });
  expect((await statusOf(home)).unopened).toHaveLength(1);

  // Changed and removed while it is locked: the present passphrase is asked for.
  const change = ["--file", second, "--new-file", first];
  expect((await passphrase("change", ...change)).code).toBe(1);
  expect((await passphrase("change", "--file", first, "--new-file", second)).code).toBe(0);
  // With no owner a bridge would become one.
  await Promise.all([bridge.close(), session.close()]);
  await daemon.stop();

  // A host without a display finds it in a file that nobody else can read.
  chmodSync(second, 0o644);
  daemon = outputs.watch(await startDaemon(home, { TINYPLACE_PASSPHRASE_FILE: second }));
  expect((await statusOf(home)).unopened).toMatchObject([
    { reason: expect.stringMatching(/Others can read/), next: expect.stringMatching(/chmod 600/) },
  ]);
  await daemon.stop();
  chmodSync(second, 0o600);
  daemon = outputs.watch(await startDaemon(home, { TINYPLACE_PASSPHRASE_FILE: second }));
  expect((await statusOf(home)).unopened).toEqual([]);
  expect((await passphrase("remove", "--file", first)).code).toBe(1);
  expect((await passphrase("remove", "--file", second)).code).toBe(0);
  await daemon.stop();
  daemon = outputs.watch(await startDaemon(home));
  const last = await statusOf(home);
  expect(last.agents.map((one) => [one.name, one.keyStore])).toEqual([
    ["open one", "file"],
    ["secret one", "file"],
  ]);
  expect(last.agents[1]).toMatchObject({ cryptoId: secret, holds: 1 });
  await daemon.stop();

  for (const word of [FIRST, SECOND, keyText]) {
    expect(outputs.text).not.toContain(word);
    expect(JSON.stringify([locked, unlocked, last])).not.toContain(word);
  }
  expect(readdirSync(join(home, "agents")).sort()).toEqual([open, secret].sort());
});

test("Z1 passphrases come from standard input too, and never from the command line", async () => {
  const home = temporaryHome();
  await startDaemon(home);
  const setup = await startBridge(home);
  await setup.call("wallet_create", { name: "me" });
  await setup.close();
  const words = (action: string) => ["passphrase", action, "--wallet", "me", "--home", home];
  const run = (action: string, input: string) => runProgram(words(action), {}, input);
  expect((await run("set", "")).stderr).toMatch(/nothing was given/);
  expect((await run("set", "short\n")).stderr).toMatch(/8 to 1024/);
  expect((await run("set", `${FIRST}\n`)).code).toBe(0);
  expect((await run("change", `${FIRST}\n${SECOND}\n`)).code).toBe(0);
  expect((await run("lock", "")).code).toBe(0);
  expect((await run("unlock", `${FIRST}\n`)).stderr).toMatch(/not the passphrase/);
  expect((await run("unlock", SECOND)).code).toBe(0);
  expect((await run("remove", `${SECOND}\n`)).stdout).toMatch(/kept in the file/);
  expect((await run("turn", "")).stderr).toMatch(/Choose one of/);
  const argument = await runProgram([...words("set"), FIRST]);
  expect(argument.code).not.toBe(0);
  const nobody = ["passphrase", "lock", "--wallet", "nobody", "--home", home];
  expect((await runProgram(nobody)).stderr).toMatch(/no wallet named/);
});
