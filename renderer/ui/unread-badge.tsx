import { classNames } from "./class-names.ts";
import { formatCount } from "./format.ts";

/** A count of unread mail; dimmed where nobody is there to read it. */
export function UnreadBadge(props: { count: number; dimmed?: boolean; testId?: string }) {
  if (props.count === 0) return null;
  return (
    <span
      className={classNames(
        "inline-flex h-4 min-w-5 shrink-0 items-center justify-center rounded-full px-1.5 text-xs font-semibold tabular-nums",
        props.dimmed ? "border border-line-strong text-muted" : "bg-accent-fill text-on-accent",
      )}
    >
      <span data-testid={props.testId}>{formatCount(props.count)}</span>
      <span className="sr-only"> unread</span>
    </span>
  );
}
