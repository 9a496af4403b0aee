import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Assignments } from "../../electron/daemon/assignments.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { scopeAt } from "../../shared/model/assignment-scope.ts";
import { type BridgeClient, startBridge, startDaemon } from "../support/processes.ts";
import { temporaryHome } from "../support/temporary-home.ts";
import { createWallet } from "../support/two-homes.ts";

const session = (home: string, id: string, env: Record<string, string> = {}) =>
  startBridge(home, { CLAUDE_CODE_SESSION_ID: id, ...env });

/** A daemon with agents of these names, and their addresses. */
async function agents(...names: string[]) {
  const home = temporaryHome();
  const daemon = await startDaemon(home);
  const bridge = await startBridge(home);
  const ids: string[] = [];
  for (const name of names) ids.push(await createWallet(bridge, name));
  return { home, daemon, bridge, ids };
}

const who = async (bridge: BridgeClient) => {
  const { active, label } = await bridge.call("whoami");
  return [(active as { name: string } | null)?.name ?? null, label];
};

describe("S5 assignments", () => {
  test("S5 an assigned session comes back as the same agent under its label, by itself", async () => {
    const { home, daemon, ids } = await agents("planner", "reviewer");
    const before = await session(home, "s-1");
    expect(await who(before)).toEqual([null, null]);
    const scope = "session:s-1";
    const active = { name: "reviewer", address: ids[1] };
    const assigned = await before.call("assign", { name: "reviewer" });
    expect(assigned).toMatchObject({ active, label: "claude:1", scope, assigned: "reviewer" });
    expect(assigned).toMatchObject({ mode: "socket", daemon: { pid: daemon.ready.pid } });
    expect(assigned.sessions).toEqual([{ label: "claude:1", live: true }]);
    const other = await session(home, "s-2");
    expect(await who(other)).toEqual([null, null]);
    // Its label is taken by nobody else while it is away: it is remembered as its own.
    await before.close();
    await other.call("use", { name: "reviewer", label: "claude:7" });
    expect(await who(await session(home, "s-1"))).toEqual(["reviewer", "claude:1"]);
    await daemon.stop();
    await startDaemon(home);
    const after = await session(home, "s-1");
    expect(await after.call("whoami")).toMatchObject({ active, scope, assigned: "reviewer" });
  });

  test("S5 the nearest scope holds: session, then project folder, then everywhere", async () => {
    const { home, bridge } = await agents("a", "b", "c");
    const project = temporaryHome();
    const inProject = { CLAUDE_PROJECT_DIR: project };
    expect(await bridge.call("assign", { name: "a" })).toMatchObject({ scope: "global" });
    const maker = await session(home, "maker", inProject);
    expect((await who(maker))[0]).toBe("a");
    expect(await maker.call("assign", { name: "b", scope: "project" })).toMatchObject({
      scope: `project:${project}`,
    });
    expect(await maker.call("use", { name: "c", remember: true })).toMatchObject({
      active: { name: "c" },
      scope: "session:maker",
      remembered: true,
    });
    await maker.close();
    expect((await who(await session(home, "maker", inProject)))[0]).toBe("c");
    const neighbour = await session(home, "neighbour", inProject);
    expect((await who(neighbour))[0]).toBe("b");
    expect((await who(await session(home, "stranger")))[0]).toBe("a");
    expect(await neighbour.call("assignments")).toEqual({
      thisScope: "session:neighbour",
      assigned: "b",
      assignments: { global: "a", [`project:${project}`]: "b", "session:maker": "c" },
      problem: null,
    });

    // To use a wallet for now assigns nothing; to end an assignment changes nothing now.
    expect(await neighbour.call("use", { name: "c" })).toMatchObject({
      scope: "session:neighbour",
      remembered: false,
    });
    expect(await neighbour.call("unassign")).toEqual({
      scope: "session:neighbour",
      cleared: null,
    });
    expect(await neighbour.call("unassign", { scope: "project" })).toEqual({
      scope: `project:${project}`,
      cleared: "b",
    });
    expect(await neighbour.call("whoami")).toMatchObject({ active: { name: "c" }, assigned: "a" });
    await neighbour.close();
    expect((await who(await session(home, "neighbour", inProject)))[0]).toBe("a");
  });

  test("S5 TINYPLACE_ACTIVE_WALLET goes before any assignment, and an unknown one is none", async () => {
    const { home, bridge } = await agents("a", "b");
    await bridge.call("assign", { name: "a" });
    const named = await session(home, "s-1", { TINYPLACE_ACTIVE_WALLET: "b" });
    expect((await who(named))[0]).toBe("b");
    const unknown = await session(home, "s-2", { TINYPLACE_ACTIVE_WALLET: "nobody" });
    const answer = await unknown.call("whoami");
    expect(answer).toMatchObject({ active: null, label: null, assigned: "a" });
    expect(answer.problem).toMatch(/no wallet named "nobody".*wallet_create/);
    // It goes on all the same.
    expect(await unknown.call("use", { name: "a" })).toMatchObject({ active: { name: "a" } });
    expect(await unknown.call("whoami")).toMatchObject({ problem: null });
  });

  test("S5 TINYPLACE_SESSION_LABEL pins the label of an assigned session, or says who has it", async () => {
    const { home, bridge } = await agents("a");
    await bridge.call("assign", { name: "a" });
    const pin = { TINYPLACE_SESSION_LABEL: "review" };
    expect(await who(await session(home, "s-1", pin))).toEqual(["a", "review"]);
    const second = await session(home, "s-2", pin);
    const answer = await second.call("whoami");
    expect(answer).toMatchObject({ active: null, label: null });
    expect(answer.problem).toMatch(/another live session holds the label review/i);
  });

  test("S5 bad input changes nothing; an agent that is gone is said", async () => {
    const { home, daemon, bridge, ids } = await agents("a", "b");
    expect(await bridge.call("assign", { name: "nobody" })).toMatchObject({
      code: "wallet_unknown",
    });
    for (const scope of ["session", "project"]) {
      expect(await bridge.call("unassign", { scope })).toMatchObject({ code: "bad_request" });
      expect(await bridge.call("assign", { name: "a", scope })).toMatchObject({
        code: "bad_request",
      });
    }
    expect(await bridge.call("assignments")).toMatchObject({ assignments: {}, assigned: null });
    expect(await who(bridge)).toEqual([null, null]);
    await bridge.call("assign", { name: "b" });
    await bridge.close();
    await daemon.stop();
    const folder = join(homePaths(home).agents, ids[1] as string);
    renameSync(folder, join(temporaryHome(), "away"));
    await startDaemon(home);
    const later = await startBridge(home);
    const answer = await later.call("whoami");
    expect(answer).toMatchObject({ active: null, assigned: ids[1] });
    expect(answer.problem).toMatch(/not here any more.*unassign/);
  });
});

test("S5 TINYPLACE_API_URL names the relay, and none is embedded beside it", async () => {
  const first = await startDaemon(temporaryHome());
  const home = temporaryHome();
  const second = await startDaemon(home, { TINYPLACE_API_URL: first.ready.relay });
  expect(second.ready.relay).toBe(first.ready.relay);
  expect(existsSync(homePaths(home).relayDatabase)).toBe(false);
});

describe("S5 the file of assignments", () => {
  const place = { harnessSessionId: "s", project: "/p" };

  test("is private, survives, and keeps no endless list of sessions", () => {
    const path = join(temporaryHome(), "assignments.json");
    const first = new Assignments(path);
    first.set("global", "g", 0);
    for (let n = 1; n <= 1_002; n++) first.set(`session:${n}`, "x", n);
    first.set("project:/p", "p", 0);
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = new Assignments(path);
    expect(second.list()).toHaveLength(1_002);
    const found = (id: string) => second.find({ harnessSessionId: id, project: null })?.agent;
    expect(["2", "3", "1002"].map(found)).toEqual(["g", "x", "x"]);
    expect(second.find(place)).toEqual({ scope: "project:/p", agent: "p" });
    expect(second.clear("project:/p")).toBe("p");
    expect(new Assignments(path).find(place)).toEqual({ scope: "global", agent: "g" });
  });

  test("what cannot be written is not kept", () => {
    const folder = join(temporaryHome(), "folder");
    const path = join(folder, "assignments.json");
    const assignments = new Assignments(path);
    expect(() => assignments.set("global", "g", 0)).toThrow("ENOENT");
    expect(assignments.find(place)).toBeNull();
    mkdirSync(folder);
    assignments.set("global", "g", 0);
    expect(assignments.find(place)).toEqual({ scope: "global", agent: "g" });
  });

  test.each(["", "[]", '{"version":2,"assignments":{}}', '{"version":1,"assignments":{"a":1}}'])(
    "damaged as %j it is put aside and said, and a new one begun",
    (text) => {
      const path = join(temporaryHome(), "assignments.json");
      writeFileSync(path, text);
      const assignments = new Assignments(path);
      expect(assignments.problem).toContain(`${path}.damaged`);
      expect(readFileSync(`${path}.damaged`, "utf8")).toBe(text);
      assignments.set("global", "g", 0);
      const again = new Assignments(path);
      expect([again.problem, again.find(place)?.agent]).toEqual([null, "g"]);
    },
  );

  test("scopes go by what a place has", () => {
    const nowhere = { harnessSessionId: null, project: null };
    expect(scopeAt(place, null)).toBe("session:s");
    expect(scopeAt(place, "project")).toBe("project:/p");
    expect(scopeAt(nowhere, null)).toBe("global");
    expect(scopeAt(place, "global")).toBe("global");
    expect(() => scopeAt(nowhere, "session")).toThrow("no session id");
  });
});
