import type { ReactNode } from "react";

/**
 * The 56-pixel bar every view begins with, so that nothing moves when views change. It becomes higher
 * only where there is no room for what can be done beside the title.
 */
export function PageHeader(props: { title: ReactNode; detail?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-6 py-1.5">
      <div className="min-w-0 grow basis-36">
        <h1 className="truncate text-lg font-semibold">{props.title}</h1>
        {props.detail && (
          <div className="flex min-w-0 items-center gap-3 text-sm text-muted">{props.detail}</div>
        )}
      </div>
      {props.actions && (
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1 @xl:gap-x-4">
          {props.actions}
        </div>
      )}
    </header>
  );
}
