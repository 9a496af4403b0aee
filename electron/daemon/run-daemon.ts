import { startSocketServer } from "../bridge/socket-server.ts";
import { passphraseOfEnvironment } from "../platform/passphrase-file.ts";
import type { HomePaths } from "../platform/paths.ts";
import { systemKeychain } from "../vault/keychain.ts";
import { attachCommand } from "./attach-command.ts";
import { Host } from "./host.ts";

/**
 * The headless host: prints one JSON line when it is ready, and ends in order at SIGINT or SIGTERM.
 * @param entry the program's own file, to print how a session attaches; null prints nothing of it.
 */
export async function runDaemon(paths: HomePaths, entry: string | null): Promise<void> {
  // Before anything is announced: a signal that comes with the first line ends in order, too.
  const ended = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  const relayUrl = process.env.TINYPLACE_API_URL;
  const keychain = await systemKeychain();
  const host = await Host.start({
    paths,
    kind: "headless",
    keychain,
    passphrase: passphraseOfEnvironment,
    ...(relayUrl ? { relayUrl } : {}),
  });
  const socket = await startSocketServer({ paths, host });
  const ready = { ready: true, socket: paths.socket, relay: host.relayAddress, pid: process.pid };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
  if (entry !== null) process.stdout.write(`${attachHelp(entry, paths.home)}\n`);
  await ended;
  await socket.close();
  await host.close();
}

function attachHelp(entry: string, home: string): string {
  return `Attach Claude Code sessions with: ${attachCommand({ executable: process.execPath, entry, isElectron: false }, home)}`;
}
