import { join } from "node:path";
import { expect, test } from "vitest";
import type { ImportReport } from "../../shared/model/import-report.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { EarlierPlugin } from "../fakes/earlier-plugin.ts";
import { SdkPeer } from "../fakes/sdk-peer.ts";
import { runProgram, startDaemon, startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** `tinyplace import` as a person types it. */
async function earlier(url: string, name: string): Promise<{ folder: string; peer: SdkPeer }> {
  const folder = join(temporaryHome(), "plugin");
  const file = join(temporaryHome(), "state.json");
  const peer = new SdkPeer({ url, file, now: () => Date.now(), pings: false });
  await peer.publish();
  new EarlierPlugin(folder).wallet(name, peer);
  return { folder, peer };
}

test("S5 Z1 import with the daemon running, and with none, is the same; no key is printed", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const { url } = relay.ready;
  const home = temporaryHome();
  const first = await earlier(url, "first");
  const second = await earlier(url, "second");
  const env = { TINYPLACE_API_URL: url, TINYPLACE_SESSION_DAEMON: "off" };
  const printed: string[] = [];
  const run = async (words: readonly string[], extra: Record<string, string> = {}) => {
    const ran = await runProgram([...words, "--home", home], { ...env, ...extra });
    printed.push(ran.stdout, ran.stderr);
    return ran;
  };

  const alone = await run(["import", "--json"], { TINYPLACE_CLAUDE_HOME: first.folder });
  expect(alone).toMatchObject({ code: 0, stderr: "" });
  const report = JSON.parse(alone.stdout) as ImportReport;
  expect(report).toMatchObject({
    from: first.folder,
    agents: [{ wallet: "first", outcome: "taken", cryptoId: first.peer.cryptoId }],
  });

  const daemon = await startDaemon(home, env);
  const dry = await run(["import", "--from", second.folder, "--dry-run"]);
  expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/second .*is new/) });
  const taken = await run(["import", "--from", second.folder]);
  expect(taken).toMatchObject({ code: 0, stdout: expect.stringMatching(/second .*taken/) });
  const again = await run(["import", "--from", second.folder]);
  expect(again.stdout).toMatch(/was here before/);
  const status = JSON.parse((await run(["status", "--json"])).stdout) as HostSnapshot;
  expect(status.agents.map(({ name, cryptoId }) => [name, cryptoId])).toEqual([
    ["first", first.peer.cryptoId],
    ["second", second.peer.cryptoId],
  ]);

  const nowhere = await run(["import", "--from", join(home, "nothing")]);
  expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringMatching(/no wallets.json/) });
  new EarlierPlugin(second.folder).write("wallets.json", { wallets: [{ name: "broken" }] });
  expect(await run(["import", "--from", second.folder])).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/broken: left\. .*damaged/),
  });
  await daemon.stop();
  printed.push(daemon.errors());
  for (const { peer } of [first, second]) {
    expect(printed.join("")).not.toContain(Buffer.from(peer.seed).toString("hex"));
    expect(printed.join("")).not.toContain(Buffer.from(peer.seed).toString("base64"));
  }
});
