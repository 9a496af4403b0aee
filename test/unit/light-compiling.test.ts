import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const MODULE = new URL("../../electron/platform/light-compiling.ts", import.meta.url).pathname;

/** Which of V8's compilers the code of a hot function comes from in the end, by V8's own word. */
function compilersOf(light: boolean): string {
  const program = `
    ${light ? `(await import(${JSON.stringify(pathToFileURL(MODULE).href)})).compileLightly();` : ""}
    const add = (a, b) => a + b;
    let sum = 0;
    for (let i = 0; i < 5_000_000; i++) sum = add(sum, i) % 1000;
    globalThis.kept = sum;`;
  const words = ["--trace-opt", "--input-type=module", "--eval", program];
  return execFileSync(process.execPath, words, { encoding: "utf8" });
}

test("what runs often is compiled, and without TurboFan", () => {
  expect(compilersOf(false)).toContain("TURBOFAN");
  const light = compilersOf(true);
  expect(light).toContain("MAGLEV");
  expect(light).not.toContain("TURBOFAN");
});
