import { setFlagsFromString } from "node:v8";

/** From this version of V8 on every build has Maglev, which compiles what runs often. */
const WITH_MAGLEV = 13;

/**
 * Leaves V8's first and last compilers out, Sparkplug and TurboFan, for code that is compiled from here
 * on. Most of what an owner does is in native code. What TurboFan gains in the rest, its threads took
 * from the second core, and its pages stay resident; what Sparkplug makes is kept beside the bytecode.
 */
export function compileLightly(): void {
  if (Number.parseInt(process.versions.v8, 10) < WITH_MAGLEV) return;
  setFlagsFromString("--no-turbofan");
  setFlagsFromString("--no-sparkplug");
}
