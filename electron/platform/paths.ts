import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { homedir, tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { TinyplaceError } from "../../shared/errors/errors.ts";

/** Unix socket paths are bounded by the kernel: 104 bytes on macOS, 108 on Linux. */
const MAX_SOCKET_PATH = 100;

/** Where everything of one data folder lies (`TINYPLACE_HOME`). */
export interface HomePaths {
  readonly home: string;
  readonly lock: string;
  /** Held by the one client that starts an owner just now. */
  readonly startLock: string;
  /** Says that a person quit, for as long as that holds. */
  readonly quitMark: string;
  /** How the desktop application that last ran here is started. */
  readonly desktopNote: string;
  /** What the owner says of itself while it runs: JSON, for error messages and `status`. */
  readonly ownerNote: string;
  readonly socketFolder: string;
  readonly socket: string;
  readonly secret: string;
  readonly agents: string;
  /** Which agent a session comes back as. */
  readonly assignments: string;
  /** What the desktop remembers for its person. */
  readonly preferences: string;
  /** What a person set for the whole folder. */
  readonly settings: string;
  readonly relayDatabase: string;
  readonly relayPort: string;
  /** The random part of what names this installation. */
  readonly installation: string;
}

/**
 * The data folder named by the argument, else by TINYPLACE_HOME, else `~/.tinyplace`. Throws
 * `bad_request` for an argument that is empty, as an unset variable of a script is: it would be the
 * folder that the script happens to stand in. An empty TINYPLACE_HOME is none.
 */
export function homePaths(named?: string): HomePaths {
  if (named === "") {
    throw new TinyplaceError(
      "bad_request",
      "--home names no folder.",
      "Name one, or leave it out: without it TINYPLACE_HOME says which, else ~/.tinyplace is used.",
    );
  }
  const home = resolve(named ?? (process.env.TINYPLACE_HOME || join(homedir(), ".tinyplace")));
  const socketFolder = socketFolderFor(home);
  return {
    home,
    lock: join(home, "owner.lock"),
    startLock: join(home, "start.lock"),
    quitMark: join(home, "quit.json"),
    desktopNote: join(home, "desktop.json"),
    ownerNote: join(home, "owner.json"),
    socketFolder,
    socket:
      process.platform === "win32"
        ? `\\\\.\\pipe\\tinyplace-${shortHash(home)}`
        : join(socketFolder, "host.sock"),
    secret: join(home, "socket.secret"),
    agents: join(home, "agents"),
    assignments: join(home, "assignments.json"),
    preferences: join(home, "preferences.json"),
    settings: join(home, "settings.json"),
    relayDatabase: join(home, "relay", "relay.db"),
    relayPort: join(home, "relay", "port"),
    installation: join(home, "installation"),
  };
}

/** A folder for the socket alone; a deep data folder gets a short one in the temporary folder. */
function socketFolderFor(home: string): string {
  const own = join(home, "run");
  if (Buffer.byteLength(join(own, "host.sock")) <= MAX_SOCKET_PATH) return own;
  const user = userInfo().uid;
  return join(tmpdir(), `tinyplace-${user}-${shortHash(home)}`);
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** Creates a folder that only this user may enter, and makes an existing one so. */
export function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}
