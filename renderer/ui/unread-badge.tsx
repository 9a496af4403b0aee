import { formatCount } from "./format.ts";

export function UnreadBadge(props: { count: number; testId?: string; what?: string }) {
  if (props.count === 0) return null;
  return (
    <span
      data-testid={props.testId}
      className="inline-flex h-4 min-w-5 shrink-0 items-center justify-center rounded-full bg-accent-fill px-1.5 text-xs font-semibold text-on-accent tabular-nums"
    >
      {formatCount(props.count)}
      <span className="sr-only"> {props.what ?? "unread"}</span>
    </span>
  );
}
