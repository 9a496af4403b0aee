import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What one run found, by figure; a name ends with its unit. Null: it cannot be known here. */
export type Report = Readonly<Record<string, string | number | null>>;

export function readReport(path: string): Report {
  return JSON.parse(readFileSync(path, "utf8")) as Report;
}

export function keepReport(path: string, report: Report): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
}

/** For a person: a line for each figure, and beside it what it was before, where that is known. */
export function tableOf(report: Report, before: Report | null): string {
  const rows = Object.entries(report).map(([name, value]) => [
    name,
    String(value ?? "-"),
    ...(before ? [String(before[name] ?? "-"), change(value, before[name])] : []),
  ]);
  const head = ["", "now", ...(before ? ["kept", "change"] : [])];
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  return `${[head, ...rows].map(line).join("\n")}\n`;
}

function change(now: unknown, before: unknown): string {
  if (typeof now !== "number" || typeof before !== "number" || before === 0) return "";
  const percent = Math.round((now / before - 1) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}
