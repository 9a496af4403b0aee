import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../build/root.ts";
import { keepReport, type Report, readReport } from "./report.ts";

/**
 * `npm run bench:plot -- REPORT.json`: the rates of one run of `npm run bench -- --json`, and what is
 * measured in multiples of something else, as bars in docs/performance.svg; the run itself in
 * docs/performance.json.
 */
const RATES: readonly Bar[] = [
  ["libsignal_alone_per_s", "libsignal alone"],
  ["sqlite_grouped_per_s", "SQLite alone, grouped"],
  ["sqlite_grouped_encrypted_per_s", "the same, vaults encrypted"],
  ["sqlite_single_per_s", "SQLite alone, one by one"],
  ["relay_alone_per_s", "relay alone"],
  ["one_way_per_s", "one way, over the socket"],
  ["two_way_per_s", "two ways, over the socket"],
  ["fifty_pairs_per_s", "50 pairs at once"],
  ["throughput_per_s", "one way, MCP to MCP"],
  ["routed_among_100_per_s", "inside one agent, 100 sessions"],
];
const MULTIPLES: readonly Bar[] = [
  ["latency_of_floor", "idle latency, MCP to MCP, of its parts alone (4)"],
  ["socket_latency_of_floor", "idle latency over the socket, of its parts alone (4)"],
  ["desktop_tray_of_empty_warm", "start to the tray, of an empty Electron's (1.5)"],
  ["desktop_tray_of_empty_cold", "the same with cold files (1.5)"],
  ["grown_send_ratio", "sending with 10^6 messages, of 10^3 (1.5)"],
  ["grown_receive_ratio", "receiving (1.5)"],
  ["grown_inbox_page_ratio", "a page of an inbox (1.5)"],
  ["grown_search_ratio", "a search (1.5)"],
  ["grown_start_ratio", "a start (2)"],
];
const [ROW, LEFT, WIDTH] = [26, 330, 360];

type Bar = readonly [name: string, label: string];

/** A part of the picture: its height, and its text and bars from `top` on. */
function chart(report: Report, title: string, bars: readonly Bar[], top: number) {
  const rows = bars.flatMap(([name, label]) => {
    const value = report[name];
    return typeof value === "number" ? [{ label, value }] : [];
  });
  const most = Math.max(...rows.map((row) => row.value));
  const drawn = rows.map(({ label, value }, i) => {
    const y = top + 34 + i * ROW;
    const width = Math.max(1, Math.round((value / most) * WIDTH));
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${label}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width}" height="18" rx="3"/>`,
      `<text x="${LEFT + width + 6}" y="${y + 13}">${value}</text>`,
    ].join("");
  });
  const svg = `<text x="8" y="${top + 18}">${title}</text>${drawn.join("")}`;
  return { svg, height: 44 + rows.length * ROW };
}

const path = process.argv[2];
if (!path) throw new Error("Name the file that has the output of `npm run bench -- --json`.");
const report = readReport(path);
const machine = `${report.machine}, Node ${report.node}`;
const rates = chart(report, `Messages a second, 900-byte texts (${machine})`, RATES, 0);
const multiples = chart(
  report,
  "How many times as much (goals in brackets)",
  MULTIPLES,
  rates.height,
);
const height = rates.height + multiples.height;
const style =
  "text{font:12px system-ui,sans-serif;fill:#1c2430}rect{fill:#4353c9}@media(prefers-color-scheme:dark){text{fill:#e6e9ef}rect{fill:#7d8bf0}}";
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="780" height="${height}" viewBox="0 0 780 ${height}" role="img" aria-labelledby="title"><title id="title">Messages a second, and multiples of what is measured alone</title><style>${style}</style>${rates.svg}${multiples.svg}</svg>\n`;
writeFileSync(join(ROOT, "docs", "performance.svg"), svg);
keepReport(join(ROOT, "docs", "performance.json"), report);
