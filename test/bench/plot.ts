import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../build/root.ts";

/**
 * `npm run bench:plot -- REPORT.json`: the rates of one run of `npm run bench -- --json` as bars, in
 * docs/performance.svg, and the run itself in docs/performance.json.
 */
const RATES: readonly (readonly [name: string, label: string])[] = [
  ["libsignal_alone_per_s", "libsignal alone"],
  ["sqlite_grouped_per_s", "SQLite alone, grouped"],
  ["sqlite_single_per_s", "SQLite alone, one by one"],
  ["relay_alone_per_s", "relay alone"],
  ["one_way_per_s", "one way, over the socket"],
  ["two_way_per_s", "two ways, over the socket"],
  ["fifty_pairs_per_s", "50 pairs at once"],
  ["throughput_per_s", "one way, MCP to MCP"],
  ["routed_among_100_per_s", "inside one agent, 100 sessions"],
];
const [ROW, LEFT, WIDTH] = [26, 210, 360];

const path = process.argv[2];
if (!path) throw new Error("Name the file that has the output of `npm run bench -- --json`.");
const report = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
const rows = RATES.flatMap(([name, label]) => {
  const value = report[name];
  return typeof value === "number" ? [{ label, value }] : [];
});
const most = Math.max(...rows.map((row) => row.value));
const bars = rows.map(({ label, value }, i) => {
  const y = 34 + i * ROW;
  const width = Math.max(1, Math.round((value / most) * WIDTH));
  return [
    `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${label}</text>`,
    `<rect x="${LEFT}" y="${y}" width="${width}" height="18" rx="3"/>`,
    `<text x="${LEFT + width + 6}" y="${y + 13}">${Math.round(value)}</text>`,
  ].join("");
});
const height = 44 + rows.length * ROW;
const style =
  "text{font:12px system-ui,sans-serif;fill:#1c2430}rect{fill:#4353c9}@media(prefers-color-scheme:dark){text{fill:#e6e9ef}rect{fill:#7d8bf0}}";
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="660" height="${height}" viewBox="0 0 660 ${height}" role="img" aria-labelledby="title"><title id="title">Messages a second</title><style>${style}</style><text x="8" y="18">Messages a second, 900-byte texts (${report.machine}, Node ${report.node})</text>${bars.join("")}</svg>\n`;
writeFileSync(join(ROOT, "docs", "performance.svg"), svg);
writeFileSync(join(ROOT, "docs", "performance.json"), `${JSON.stringify(report, null, 2)}\n`);
