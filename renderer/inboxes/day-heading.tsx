import { formatDay } from "../ui/format.ts";

export function DayHeading(props: { at: string }) {
  return (
    <div className="flex h-10 items-center gap-3 px-6">
      <h2 className="shrink-0 text-xs font-semibold text-muted">
        {formatDay(props.at, new Date())}
      </h2>
      <span aria-hidden className="h-px grow bg-line" />
    </div>
  );
}
