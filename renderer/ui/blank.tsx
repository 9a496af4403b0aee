import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** A place with nothing in it, and what will fill it. */
export function Blank(props: { icon: LucideIcon; title: string; children: ReactNode }) {
  const Icon = props.icon;
  return (
    <div className="flex h-full items-center justify-center p-8">
      <div className="flex max-w-sm flex-col items-center gap-2 text-center">
        <Icon aria-hidden className="size-6 text-muted" strokeWidth={1.5} />
        <h2 className="text-base font-semibold">{props.title}</h2>
        <p className="text-muted">{props.children}</p>
      </div>
    </div>
  );
}

/** Stands where rows will be. Appears late, so that fast answers do not flicker. */
export function LoadingRows(props: { what: string; rows?: number }) {
  return (
    <div role="status" className="late flex flex-col gap-6 p-6">
      <span className="sr-only">Loading {props.what}</span>
      {Array.from({ length: props.rows ?? 4 }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: identical placeholders that never move.
        <div key={row} className="flex flex-col gap-2">
          <div className="h-3 w-40 rounded bg-sunken" />
          <div className="h-3 w-4/5 rounded bg-sunken" />
          <div className="h-3 w-3/5 rounded bg-sunken" />
        </div>
      ))}
    </div>
  );
}
