import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const MODULE = new URL("../../electron/platform/light-compiling.ts", import.meta.url).pathname;

/** What a module prints that is run by V8 with these options, after compiling was made light or not. */
function outputOf(options: readonly string[], light: boolean, module: string): string {
  const make = `(await import(${JSON.stringify(pathToFileURL(MODULE).href)})).compileLightly();`;
  const words = [...options, "--input-type=module", "--eval", `${light ? make : ""}${module}`];
  return execFileSync(process.execPath, words, { encoding: "utf8" });
}

test("what runs often is compiled, and without TurboFan", () => {
  const module = `
    const add = (a, b) => a + b;
    let sum = 0;
    for (let i = 0; i < 5_000_000; i++) sum = add(sum, i) % 1000;
    globalThis.kept = sum;`;
  expect(outputOf(["--trace-opt"], false, module)).toContain("TURBOFAN");
  const light = outputOf(["--trace-opt"], true, module);
  expect(light).toContain("MAGLEV");
  expect(light).not.toContain("TURBOFAN");
});

test("what runs a few hundred times is not compiled by Sparkplug", () => {
  const module = `
    const sum = new Function("a", "let s = 0; for (let i = 0; i < 20; i++) s += a * i; return s;");
    for (let i = 0; i < 800; i++) sum(i);
    process.stdout.write(String(%ActiveTierIsSparkplug(sum)));`;
  // Nothing takes over from it, and it does not wait for others to compile together.
  const alone = ["--no-maglev", "--no-turbofan", "--no-baseline-batch-compilation"];
  const options = ["--allow-natives-syntax", ...alone];
  expect(outputOf(options, false, module)).toBe("true");
  expect(outputOf(options, true, module)).toBe("false");
});
