import { setFlagsFromString } from "node:v8";

/**
 * By how much, in percent of what survived, old objects may grow until V8 collects them; by itself it
 * lets them grow to four times that.
 */
const GROWTH_PERCENT = 60;

/**
 * Has V8 collect old objects sooner, from its next collection on. Each call of libsignal leaves some
 * fifty handles whose native side is freed at such a collection and right after it, all at once, while
 * nothing else happens: the fewer have gathered, the shorter that takes.
 */
export function boundHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
