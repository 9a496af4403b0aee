import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const MODULE = new URL("../../electron/platform/heap-growth.ts", import.meta.url).pathname;

/** How often V8 collects old objects while some live on and many more, no older, become garbage. */
function collectionsOfOld(bound: boolean): number {
  const program = `
    import { PerformanceObserver, constants } from "node:perf_hooks";
    import { setImmediate as turn } from "node:timers/promises";
    ${bound ? `(await import(${JSON.stringify(pathToFileURL(MODULE).href)})).boundHeapGrowth();` : ""}
    let collected = 0;
    const count = (list) => {
      for (const { detail } of list.getEntries()) {
        if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) collected++;
      }
    };
    new PerformanceObserver(count).observe({ entryTypes: ["gc"] });
    const objects = () => Array.from({ length: 200_000 }, (_, n) => ({ n, text: "object " + n }));
    const living = objects();
    for (let round = 0; round < 40; round++) {
      globalThis.garbage = objects();
      await turn();
    }
    await turn();
    console.log(living.length && collected);`;
  const words = ["--max-semi-space-size=4", "--input-type=module", "--eval", program];
  return Number(execFileSync(process.execPath, words, { encoding: "utf8" }));
}

test("old objects are collected sooner than V8 would by itself", () => {
  const [byItself, bounded] = [collectionsOfOld(false), collectionsOfOld(true)];
  expect(byItself).toBeGreaterThan(0);
  expect(bounded).toBeGreaterThan(byItself);
});
