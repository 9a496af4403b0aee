import { openSync, writeSync } from "node:fs";
import { ReconnectingClient } from "../../electron/bridge/reconnecting-client.ts";
import { ownershipHere } from "../../electron/daemon/ownership-here.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { monotonicMs } from "./monotonic.ts";

/**
 * One process that wants to own a data folder: the bridge's own connection, in the mode in which it
 * hosts the daemon itself. While it holds the lock it says so in a log common to all, every 10 ms.
 * Ended by SIGKILL.
 */
const [home, logPath] = process.argv.slice(2) as [string, string];
const paths = homePaths(home);
const log = openSync(logPath, "a");

const client = new ReconnectingClient(
  paths,
  {
    mode: "host",
    launches: () => [],
    here: async () => {
      const here = ownershipHere(paths);
      return {
        ...here,
        host: (lock) => {
          const say = () => {
            const line = { at: monotonicMs(), pid: process.pid, epoch: lock.epoch };
            writeSync(log, `${JSON.stringify(line)}\n`);
          };
          say();
          setInterval(say, 10);
          return here.host(lock);
        },
      };
    },
  },
  async () => undefined,
);
client.start();
