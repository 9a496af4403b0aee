import type { ReactNode } from "react";

/** One setting: what it is at the left, what it is set to at the right. */
export function Line(props: { name: string; hint?: string; children: ReactNode }) {
  return (
    <div className="flex min-h-11 items-center gap-4 px-3 py-2">
      <div className="min-w-0 grow">
        <p>{props.name}</p>
        {props.hint && <p className="text-sm text-muted">{props.hint}</p>}
      </div>
      <div className="flex min-w-0 items-center gap-2 text-right">{props.children}</div>
    </div>
  );
}

export function formatBytes(bytes: number): string {
  const units = ["kB", "MB", "GB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}
