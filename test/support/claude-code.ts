import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Script, startMessagesApi } from "../fakes/messages-api.ts";
import { temporaryHome } from "./temporary-home.ts";

const CLAUDE = fileURLToPath(new URL("../../node_modules/.bin/claude", import.meta.url));
/** How Claude Code names the bridge's tools. */
export const toolName = (tool: string) => `mcp__tinyplace__${tool}`;

/**
 * A real Claude Code process that runs one scripted conversation with the bridge attached, to its
 * end. Returns the model's last words.
 */
export async function runClaude(session: {
  /** What starts `tinyplace`. */
  command: readonly string[];
  home: string;
  wallet: string;
  label?: string;
  script: Script;
}): Promise<string> {
  const api = await startMessagesApi(session.script);
  const folder = temporaryHome();
  const project = join(folder, session.wallet);
  mkdirSync(project);
  const [command, ...args] = session.command;
  const env = {
    TINYPLACE_ACTIVE_WALLET: session.wallet,
    // The test's own daemon, or none: a bridge must not start another behind its back.
    TINYPLACE_SESSION_DAEMON: "join",
    ...(session.label ? { TINYPLACE_SESSION_LABEL: session.label } : {}),
  };
  const tinyplace = { command, args: [...args, "mcp", "--home", session.home], env };
  const config = join(folder, "mcp.json");
  writeFileSync(config, JSON.stringify({ mcpServers: { tinyplace } }));
  const words = ["-p", "Begin.", "--mcp-config", config, "--strict-mcp-config"];
  const child = spawn(
    CLAUDE,
    [...words, "--allowedTools", "mcp__tinyplace", "--output-format", "json"],
    {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        ANTHROPIC_BASE_URL: api.url,
        ANTHROPIC_API_KEY: "any-word",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      },
    },
  );
  let output = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  // Also when the test fails elsewhere, while this one still waits for mail.
  onTestFinished(async () => {
    child.kill();
    await closed;
  });
  const code = await closed;
  await api.close();
  if (code !== 0) throw new Error(`Claude Code ended with ${code}: ${errors || output}`);
  return String((JSON.parse(output) as { result: unknown }).result);
}
