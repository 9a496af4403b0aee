import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Agent } from "../../electron/daemon/agent.ts";
import type { Host } from "../../electron/daemon/host.ts";
import { inboxPage } from "../../electron/daemon/window/inbox.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { fillVault } from "../support/filled-vault.ts";
import { liveSession, send, startHost, unread, until } from "../support/host.ts";
import { temporaryHome } from "../support/temporary-home.ts";

/** Rule D7 over a whole host: what is damaged between two starts. */
const PAGE = 4096;

async function twoAgents(home: string) {
  const host = await startHost(home);
  const [planner, reviewer] = [
    await host.agents.create("planner"),
    await host.agents.create("reviewer"),
  ];
  return { host, planner, reviewer };
}

/** Sends, and resolves when it is in the other's inbox. */
async function reaches(host: Host, from: Agent, to: Agent, body: string): Promise<void> {
  const session = await liveSession(from, "claude:1");
  await liveSession(to, "claude:1");
  await send(from, session, to.identity.cryptoId, body, "claude:1");
  await until(host, () => unread(to, "claude:1").includes(body));
}

describe("D7 a damaged vault in a host", () => {
  const damages: Record<string, (path: string) => void> = {
    gone: (path) => rmSync(path),
    "cut to half": (path) => truncateSync(path, readFileSync(path).length >> 1),
    "overwritten from its beginning to its middle": (path) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0x5a, 0, bytes.length >> 1));
    },
  };

  test.each(Object.keys(damages))("D7 the agent talks on when its vault was %s", async (name) => {
    const home = temporaryHome();
    const { host, planner, reviewer } = await twoAgents(home);
    await reaches(host, planner, reviewer, "one");
    await reaches(host, reviewer, planner, "two");
    await host.close();
    const ids = [planner.identity.cryptoId, reviewer.identity.cryptoId] as const;
    damages[name]?.(join(homePaths(home).agents, ids[1], "vault.db"));

    const again = await startHost(home);
    const [one, other] = [again.agents.get(ids[0]), again.agents.get(ids[1])];
    expect(other.identity.name).toBe("reviewer");
    const { agents, unopened } = again.snapshot();
    expect(unopened).toEqual([]);
    expect(agents.find((agent) => agent.cryptoId === ids[1])?.incidents).toMatchObject([
      { kind: "vault_rescued", words: expect.stringMatching(/was damaged/) },
    ]);
    expect(agents.find((agent) => agent.cryptoId === ids[0])?.incidents).toEqual([]);
    // Whose ratchet is gone writes first, or is written to first: both find to each other again.
    await reaches(again, one, other, "to the rescued one");
    await reaches(again, other, one, "from the rescued one");
  });

  test("D7 an agent that cannot be rescued is named with its reason, and the others work", async () => {
    const home = temporaryHome();
    const { host, planner, reviewer } = await twoAgents(home);
    await host.close();
    const folder = join(homePaths(home).agents, reviewer.identity.cryptoId);
    const path = join(folder, "vault.db");
    rmSync(join(folder, "identity.sealed"));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0x5a, 0, PAGE * 4));

    const again = await startHost(home);
    const { agents, unopened } = again.snapshot();
    expect(agents.map((one) => one.name)).toEqual(["planner"]);
    expect(unopened).toEqual([
      {
        cryptoId: reviewer.identity.cryptoId,
        name: "reviewer",
        code: "vault_damaged",
        reason: expect.stringMatching(/damaged/),
        next: expect.stringMatching(/backup/),
        underPassphrase: false,
      },
    ]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(() => again.agents.named("reviewer")).toThrow(
      expect.objectContaining({ code: "vault_damaged" }),
    );
    const left = again.agents.get(planner.identity.cryptoId);
    const session = await liveSession(left, "claude:1");
    await send(left, session, planner.identity.cryptoId, "a note", "claude:1");
    expect(unread(left, "claude:1")).toEqual(["a note"]);
    expect(JSON.stringify(again.snapshot())).not.toContain(
      Buffer.from(planner.identity.seed).toString("base64"),
    );
  });

  test("D7 damage met at work is said in words, harms no other agent, and is rescued at the next start", async () => {
    const home = temporaryHome();
    const first = await twoAgents(home);
    await fillVault(first.reviewer.vault, 1, 2000);
    await first.host.close();
    const host = await startHost(home);
    const [planner, reviewer] = [first.planner, first.reviewer].map((one) =>
      host.agents.get(one.identity.cryptoId),
    ) as [Agent, Agent];
    const folder = join(homePaths(home).agents, reviewer.identity.cryptoId);
    const path = join(folder, "vault.db");
    const { size } = statSync(path);
    const file = openSync(path, "r+");
    writeSync(file, Buffer.alloc(size >> 1, 0x5a), 0, size >> 1, size >> 2);
    closeSync(file);

    const readAll = () => {
      for (let before = 3000; before > 0; before -= 100) {
        inboxPage(host, {
          agentId: reviewer.identity.cryptoId,
          label: "claude:2",
          before,
          limit: 100,
        });
      }
    };
    expect(readAll).toThrow(
      expect.objectContaining({
        code: "vault_damaged",
        message: expect.stringMatching(/damaged/),
        next: expect.stringMatching(/Start tinyplace again/),
      }),
    );
    expect(existsSync(join(folder, "vault.suspect"))).toBe(true);
    const { agents, unopened } = host.snapshot();
    const codes = [...agents.map((one) => one.storage?.code), ...unopened.map((one) => one.code)];
    expect(codes.filter((code) => code === "vault_damaged")).toHaveLength(1);
    const session = await liveSession(planner, "claude:1");
    await send(planner, session, planner.identity.cryptoId, "a note", "claude:1");
    expect(unread(planner, "claude:1")).toEqual(["a note"]);
    await host.close();

    const again = await startHost(home);
    expect(again.snapshot().agents.map((one) => one.incidents.length)).toEqual([0, 1]);
    expect(existsSync(join(folder, "vault.suspect"))).toBe(false);
    const kept = again.agents
      .get(reviewer.identity.cryptoId)
      .vault.sql("SELECT count(*) AS n FROM message")
      .get<{ n: number }>()?.n;
    expect(kept).toBeGreaterThan(500);
  });

  test("D7 the vault of another agent in a folder is not taken for its own", async () => {
    const home = temporaryHome();
    const { host, planner, reviewer } = await twoAgents(home);
    await host.close();
    const folder = (agent: Agent) => join(homePaths(home).agents, agent.identity.cryptoId);
    for (const name of readdirSync(folder(planner))) {
      writeFileSync(join(folder(reviewer), name), readFileSync(join(folder(planner), name)));
    }
    const again = await startHost(home);
    expect(again.snapshot().agents.map((one) => one.name)).toEqual(["planner"]);
    expect(again.snapshot().unopened).toMatchObject([
      { code: "vault_damaged", reason: expect.stringMatching(/another agent, planner/) },
    ]);
  });
});

describe("D7 a damaged relay database", () => {
  const damages: Record<string, (path: string) => void> = {
    emptied: (path) => truncateSync(path, 0),
    "cut short": (path) => truncateSync(path, readFileSync(path).length - PAGE),
    overwritten: (path) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0x5a, PAGE * 2));
    },
    "given another beginning": (path) => {
      const bytes = readFileSync(path);
      writeFileSync(path, bytes.fill(0x5a, 0, 100));
    },
  };

  test.each(Object.keys(damages))(
    "D7 the host starts with a new one when it was %s, and mail on its way arrives once",
    async (name) => {
      const home = temporaryHome();
      const { host, planner, reviewer } = await twoAgents(home);
      await reaches(host, planner, reviewer, "before");
      await until(host, () => planner.summary().queued === 0 && reviewer.summary().queued === 0);
      const session = await liveSession(planner, "claude:1");
      // The reviewer is away while this is taken by the relay.
      await reviewer.close();
      const id = await send(planner, session, reviewer.identity.cryptoId, "on its way", "claude:1");
      await until(host, () => planner.sent(id).state === "relayed");
      await host.close();
      const { relayDatabase } = homePaths(home);
      damages[name]?.(relayDatabase);
      const damaged = readFileSync(relayDatabase);

      const again = await startHost(home);
      expect(again.snapshot().incidents).toMatchObject([
        { kind: "relay_replaced", words: expect.stringMatching(/new one was made/) },
      ]);
      const folder = join(relayDatabase, "..");
      const aside = readdirSync(folder).find((one) => /^relay\.db\.damaged-[^-]*$/.test(one));
      expect(readFileSync(join(folder, aside as string)).equals(damaged)).toBe(true);
      const [one, other] = [planner, reviewer].map((agent) =>
        again.agents.get(agent.identity.cryptoId),
      ) as [Agent, Agent];
      await liveSession(other, "claude:1");
      await until(again, () => unread(other, "claude:1").includes("on its way"));
      await reaches(again, other, one, "after");
      await reaches(again, one, other, "and back");
      expect(unread(other, "claude:1").filter((text) => text === "on its way")).toHaveLength(1);
      await again.close();

      const third = await startHost(home);
      expect(third.snapshot().incidents).toEqual([]);
    },
  );
});
