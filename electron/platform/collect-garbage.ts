import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects all of V8's garbage at once, which blocks for tens of ms; pages go back in the seconds after. */
export function collectGarbage(): void {
  // What `--expose-gc` gives programs, without that start option: contexts made from here on have it.
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}
