import { memo } from "react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { Party } from "../inboxes/party.tsx";
import { holdKey } from "../stores/holds-store.ts";
import { classNames } from "../ui/class-names.ts";
import { formatAge, formatMoment, oneLine } from "../ui/format.ts";
import { whyHeld } from "./hold-words.ts";

/** A held message in the list: from whom, for whom, why it waits, and how it begins. */
export const HoldRow = memo(function HoldRow(props: {
  hold: HoldView;
  selected: boolean;
  onSelect: (key: string) => void;
}) {
  const { hold, selected } = props;
  const select = () => props.onSelect(holdKey(hold));
  return (
    <button
      type="button"
      data-testid={`hold-${hold.id}`}
      data-hold
      aria-current={selected ? "true" : undefined}
      tabIndex={selected ? 0 : -1}
      onClick={select}
      onFocus={select}
      className={classNames(
        "flex h-full w-full flex-col justify-center gap-0.5 border-b border-line px-6 text-left",
        selected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span className="flex w-full items-center gap-2">
        <span className="sr-only">From</span>
        <Party peer={hold.from} name={hold.fromName} label={hold.fromSession} />
        <span className="grow" />
        <time
          dateTime={hold.heldAt}
          title={`Held since ${formatMoment(hold.heldAt)}`}
          className="shrink-0 text-xs text-muted tabular-nums"
        >
          {formatAge(hold.heldAt, new Date())}
        </time>
      </span>
      <span className="flex w-full min-w-0 items-center gap-1 text-sm text-muted">
        <span className="shrink-0">To</span>
        <span className="truncate-late font-medium text-ink">{hold.agentName}</span>
        {hold.toSession ? (
          <>
            <span>/</span>
            <span className="truncate-late font-mono text-ink">{hold.toSession}</span>
          </>
        ) : (
          <span className="-ml-1 shrink-0">, any session</span>
        )}
      </span>
      <bdi className="w-full truncate">{oneLine(hold.text)}</bdi>
      <span title={whyHeld(hold)} className="w-full truncate text-sm text-warn">
        {whyHeld(hold)}
      </span>
    </button>
  );
});
