import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readBranch, readTitle } from "../../electron/daemon/session-facts.ts";
import { temporaryHome } from "../support/temporary-home.ts";

test("S7 the branch is the one git says, in a folder below, a further worktree, and without a branch", async () => {
  const folder = temporaryHome();
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@t", ...words], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, HOME: folder },
    }).trim();
  expect(await readBranch(folder)).toBeNull();
  git("init", "-q", "-b", "main");
  expect(await readBranch(folder)).toBe("main");
  git("commit", "-q", "--allow-empty", "-m", "first");
  git("checkout", "-q", "-b", "feature/search");
  const below = join(folder, "src", "deep");
  mkdirSync(below, { recursive: true });
  expect(await readBranch(below)).toBe("feature/search");
  git("worktree", "add", "-q", "-b", "other", join(folder, "tree"));
  expect(await readBranch(join(folder, "tree"))).toBe("other");
  git("checkout", "-q", "--detach");
  expect(await readBranch(folder)).toBe(git("rev-parse", "HEAD").slice(0, 7));
  expect(await readBranch("relative")).toBeNull();
  expect(await readBranch(join(folder, "gone", "away"))).toBe(git("rev-parse", "HEAD").slice(0, 7));
});

test("S7 Z4 the title is the last one given, the person's own before the harness's, and harmless", async () => {
  const path = join(temporaryHome(), "transcript.jsonl");
  const line = (value: object) => appendFileSync(path, `${JSON.stringify(value)}\n`);
  expect(await readTitle(path)).toBeNull();
  writeFileSync(path, "no json -title\n");
  expect(await readTitle(path)).toBeNull();
  line({ type: "ai-title", aiTitle: "Fix the login" });
  line({ type: "user", message: { content: '{"type":"ai-title","aiTitle":"not this"}' } });
  expect(await readTitle(path)).toBe("Fix the login");
  line({ type: "custom-title", customTitle: "My login work" });
  line({ type: "ai-title", aiTitle: "Repair of the login" });
  expect(await readTitle(path)).toBe("My login work");
  line({ type: "custom-title", customTitle: `two\nlines \u202eback\u0007 ${"x".repeat(500)}` });
  const title = (await readTitle(path)) ?? "";
  expect(title).toMatch(/^two lines back x+…$/);
  expect(title).toHaveLength(120);
});
