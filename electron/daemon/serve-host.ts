import type { HostKind } from "../../shared/model/snapshot.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import type { NotificationParams } from "../../shared/protocol/protocol.ts";
import type { Program } from "../bridge/owner-launches.ts";
import { startSocketServer } from "../bridge/socket-server.ts";
import { collectGarbage } from "../platform/collect-garbage.ts";
import { boundHeapGrowth } from "../platform/heap-growth.ts";
import { compileLightly } from "../platform/light-compiling.ts";
import { passphraseOfEnvironment } from "../platform/passphrase-file.ts";
import type { HomePaths } from "../platform/paths.ts";
import { watchQuietTime } from "../platform/quiet-time.ts";
import { commitRounds } from "../vault/commit-rounds.ts";
import { systemKeychain } from "../vault/keychain.ts";
import type { OwnerLock } from "../vault/owner-lock.ts";
import { Host } from "./host.ts";
import { idleLimit, watchIdle } from "./idle-watch.ts";

export interface ServedHost {
  readonly host: Host;
  /** Closes in order: no new connections, goodbyes, what is under way, the databases, the lock. */
  close(goodbye?: NotificationParams<"goodbye">): Promise<void>;
  /** Resolves when it is closed, whoever closed it. */
  readonly closed: Promise<void>;
}

/**
 * The owner at work, the same in every process that can be one: the application, the daemon and the
 * bridge of a session. Relay and keychain are the environment's. The lock is released with it, also
 * when this throws.
 */
export async function serveHost(options: {
  paths: HomePaths;
  lock: OwnerLock;
  kind: HostKind;
  /** Started for sessions: ends when none needs it (rule L3). */
  forSessions?: boolean;
  /** How this program is started again. */
  program?: Program;
}): Promise<ServedHost> {
  const { paths, lock, kind } = options;
  boundHeapGrowth();
  compileLightly();
  const keychain = await systemKeychain();
  const relayUrl = process.env.TINYPLACE_API_URL;
  const relay = relayUrl ? { relayUrl } : {};
  const passphrase = passphraseOfEnvironment;
  const program = options.program ? { program: options.program } : {};
  const how = { keychain, passphrase, ...relay, ...program };
  const host = await Host.start({ paths, lock, kind, ...how });
  const socket = await startSocketServer({ paths, host }).catch(async (error: unknown) => {
    await host.close();
    throw error;
  });
  // In the application a person may be scrolling, and Chromium has its own ways.
  const stopTidying = kind === "desktop" ? () => undefined : tidyWhenQuiet();
  let stopWatch = (): void => undefined;
  let closing: Promise<void> | null = null;
  let resolveClosed = (): void => undefined;
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve;
  });
  const close = (goodbye?: NotificationParams<"goodbye">) => {
    closing ??= (async () => {
      stopWatch();
      stopTidying();
      await socket.close(goodbye);
      await host.close();
    })().finally(resolveClosed);
    return closing;
  };
  // The lock goes with the end, whatever else fails in it; then nobody is left to be told.
  const closeByItself = (goodbye: NotificationParams<"goodbye">) => {
    close(goodbye).catch(() => undefined);
  };
  host.once("handover", () => closeByItself(HANDS_OVER));
  if (options.forSessions) {
    const limitMs = idleLimit(process.env);
    const idle = () => closeByItself(IDLES);
    stopWatch = watchIdle(host, { timers: systemTimers, limitMs, idle });
  }
  return { host, close, closed };
}

function tidyWhenQuiet(): () => void {
  const commits = () => commitRounds.count;
  return watchQuietTime({ timers: systemTimers, commits, tidy: collectGarbage });
}

const HANDS_OVER = { reason: "the desktop application takes over", next: "handover" } as const;
const IDLES = { reason: "no session needed it", next: "idle" } as const;
