import { join } from "node:path";
import { build } from "vite";
import { expect, test } from "vitest";
import { ROOT } from "../../build/root.ts";
import { HTTP2, withoutHttp2 } from "../../build/without-http2.ts";

/** The modules of Node.js that a bundle of this file loads. */
async function loads(file: string): Promise<string[]> {
  const built = await build({
    ...{ configFile: false, root: ROOT, logLevel: "silent" },
    plugins: [withoutHttp2()],
    ssr: { noExternal: true, target: "node" },
    build: {
      ...{ ssr: join(ROOT, file), write: false },
      rolldownOptions: { external: (name) => name.startsWith("node:") && !HTTP2.test(name) },
    },
  });
  if (!("output" in built)) throw new Error("nothing was built");
  const text = built.output.map((one) => (one.type === "chunk" ? one.code : "")).join("\n");
  return [...text.matchAll(/(?:require\(|from )"(node:[\w/]+)"/g)].map((found) => String(found[1]));
}

test("what bundles carry of undici and fastify does not load HTTP/2", async () => {
  for (const file of ["electron/relay/client/http-pool.ts", "electron/relay/server/app.ts"]) {
    const found = await loads(file);
    expect(found).toContain("node:diagnostics_channel");
    expect(found.filter((name) => HTTP2.test(name))).toEqual([]);
  }
});
