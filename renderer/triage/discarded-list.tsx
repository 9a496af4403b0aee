import { Trash2, Undo2 } from "lucide-react";
import { useEffect } from "react";
import { Party } from "../inboxes/party.tsx";
import { holdKey, useHolds } from "../stores/holds-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { Button } from "../ui/button.tsx";
import { formatMoment, oneLine } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { walk } from "../ui/walk.ts";

/** What was discarded in the last 30 days, beginning at `first`; each can be held again. */
export function DiscardedList({ first }: { first: string | null }) {
  const { discarded, busy, refusal, loadDiscarded, undiscard } = useHolds();
  useEffect(() => void loadDiscarded(), [loadDiscarded]);
  if (!discarded) return <LoadingRows what="discarded messages" />;
  if (discarded.length === 0) {
    return (
      <Blank icon={Trash2} title="Nothing discarded">
        Messages you discard stay here for 30 days.
      </Blank>
    );
  }
  return (
    <div className="min-h-0 grow overflow-y-auto">
      {refusal && (
        <div className="px-6 py-3">
          <ProblemNote problem={refusal.problem} />
        </div>
      )}
      <ul onKeyDown={walk("[data-discarded]")}>
        {discarded.map((one) => (
          <li
            key={holdKey(one)}
            aria-current={holdKey(one) === first ? "true" : undefined}
            className="flex items-center gap-4 border-b border-line px-6 py-2 lazy-row aria-current:bg-selected"
          >
            <div className="min-w-0 grow">
              <p className="flex min-w-0 items-center gap-1">
                <Party peer={one.from} name={one.fromName} label={one.fromSession} />
                <span className="shrink-0 text-sm text-muted">to {one.agentName}</span>
              </p>
              <p className="truncate">
                <bdi>{oneLine(one.text)}</bdi>
              </p>
              <p className="truncate text-sm text-muted">
                Discarded {formatMoment(one.discardedAt)}; kept until {formatMoment(one.undoUntil)}
              </p>
            </div>
            <Button
              data-discarded
              data-testid={`restore-${one.id}`}
              disabled={busy.has(holdKey(one))}
              autoFocus={holdKey(one) === first}
              onClick={() => undiscard(one)}
            >
              <Undo2 aria-hidden className="size-3.5" />
              Take back
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
