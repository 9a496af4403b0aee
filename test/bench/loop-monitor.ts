import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/**
 * Loaded into a daemon by `--import`: watches its event loop from one "watch" until "tell", and is
 * nothing to it otherwise. In the main thread alone, since threads load it as well. Without a type, so
 * that it is JavaScript as it stands: what Node needs to strip types would count as the daemon's memory.
 */
if (isMainThread && process.send) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  process.on("message", (word) => {
    if (word === "watch") {
      delay.reset();
      delay.enable();
    } else if (word === "tell") {
      delay.disable();
      process.send?.({ longest: delay.max / 1e6, p99: delay.percentile(99) / 1e6 });
    }
  });
  process.channel?.unref();
}
