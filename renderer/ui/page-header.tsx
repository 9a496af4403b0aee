import type { ReactNode } from "react";

/** The 56-pixel bar every view begins with, so that nothing moves when views change. */
export function PageHeader(props: { title: ReactNode; detail?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="flex h-14 shrink-0 items-center gap-4 border-b border-line px-6">
      <div className="min-w-0 grow">
        <h1 className="truncate text-lg font-semibold">{props.title}</h1>
        {props.detail && (
          <div className="flex min-w-0 items-center gap-3 text-sm text-muted">{props.detail}</div>
        )}
      </div>
      {props.actions}
    </header>
  );
}
