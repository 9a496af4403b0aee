import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { runProgram, startBridge, startDaemon, startRelay } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const PASSPHRASE = "correct horse battery";

test("L6 Z1 an agent is exported, imported elsewhere and deleted, as a person types it", async () => {
  const relay = await startRelay(join(temporaryHome(), "relay.db"));
  const env = { TINYPLACE_API_URL: relay.ready.url, TINYPLACE_SESSION_DAEMON: "off" };
  const [old, next] = [temporaryHome(), temporaryHome()];
  const daemon = await startDaemon(old, env);
  const bridge = await startBridge(old);
  await bridge.call("wallet_create", { name: "me" });
  await bridge.call("use", { name: "me", remember: true });
  const { active } = await bridge.call("whoami");
  const { address } = active as { address: string };
  await bridge.call("send", { to: address, body: "a note", to_session: "claude:7" });
  const out = join(temporaryHome(), "me.backup");
  const run = (home: string, words: readonly string[], input = "") =>
    runProgram([...words, "--home", home], env, input);

  const short = await run(old, ["export", "--wallet", "me", "--out", out], "short\n");
  expect(short).toMatchObject({ code: 1, stderr: expect.stringMatching(/8 to 1024/) });
  const exported = await run(old, ["export", "--wallet", "me", "--out", out], `${PASSPHRASE}\n`);
  expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining(out) });

  const live = await run(old, ["agents", "delete", "me"], "me\n");
  expect(live).toMatchObject({ code: 1, stderr: expect.stringMatching(/live sessions/) });
  await bridge.close();

  const file = join(temporaryHome(), "passphrase");
  writeFileSync(file, `${PASSPHRASE}\n`, { mode: 0o600 });
  const words = ["import", out, "--passphrase-file", file, "--json"];
  const wrong = await run(next, ["import", out], "another passphrase\n");
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/not the passphrase/) });
  const restored = await run(next, [...words, "--move-here"]);
  expect(JSON.parse(restored.stdout).restored).toMatchObject({
    name: "me",
    cryptoId: address,
    messages: 1,
    lease: { state: "held" },
  });
  const status = await run(old, ["status", "--json"]);
  expect((JSON.parse(status.stdout) as HostSnapshot).agents).toHaveLength(1);

  const nameless = await run(old, ["agents", "delete", "me"], "");
  expect(nameless).toMatchObject({ code: 1, stderr: expect.stringMatching(/No name was given/) });
  const gone = await run(old, ["agents", "delete", "me", "--end-sessions"], "me\n");
  expect(gone).toMatchObject({ code: 0, stdout: "me is deleted.\n" });
  expect(gone.stderr).toMatch(/1 messages/);
  await daemon.stop();
  const ran = [short, exported, live, wrong, restored, status, nameless, gone];
  const printed = ran.map((one) => one.stdout + one.stderr).join("");
  expect(printed + daemon.errors()).not.toContain(PASSPHRASE);
});
