import { useState } from "react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { MessageText } from "../inboxes/message-text.tsx";
import { Party } from "../inboxes/party.tsx";
import { holdKey, useHolds } from "../stores/holds-store.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatMoment } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { HoldActions, type TriageMenu } from "./hold-actions.tsx";
import { whyHeld } from "./hold-words.ts";

export function HoldDetail(props: {
  hold: HoldView;
  menu: TriageMenu | null;
  onMenu: (menu: TriageMenu | null) => void;
}) {
  const { hold } = props;
  const key = holdKey(hold);
  const refusal = useHolds((state) => (state.refusal?.key === key ? state.refusal.problem : null));
  const [expanded, setExpanded] = useState(false);
  return (
    <section
      aria-label="Held message"
      className="flex h-full min-h-0 flex-col low:overflow-x-hidden low:overflow-y-auto"
    >
      <div className="flex shrink-0 flex-col gap-3 border-b border-line px-6 py-3">
        <dl className="grid min-w-0 grow grid-cols-[40px_minmax(0,1fr)] gap-x-2 gap-y-0.5">
          <dt className="text-muted">From</dt>
          <dd className="flex h-5 min-w-0 items-center gap-1">
            <Party peer={hold.from} name={hold.fromName} label={hold.fromSession} />
            <CopyButton text={hold.from} what="the sender's cryptoId" />
          </dd>
          <dt className="text-muted">To</dt>
          <dd className="flex min-w-0 items-baseline overflow-hidden">
            <span className="truncate-late font-semibold">{hold.agentName}</span>
            {hold.toSession && (
              <>
                <span className="px-1 text-muted">/</span>
                <span className="truncate-late font-mono text-sm">{hold.toSession}</span>
              </>
            )}
          </dd>
          <dt className="text-muted">Held</dt>
          <dd className="truncate text-muted">{formatMoment(hold.heldAt)}</dd>
        </dl>
        <HoldActions hold={hold} menu={props.menu} onMenu={props.onMenu} />
      </div>
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys.
        tabIndex={0}
        className="flex min-h-0 grow flex-col gap-3 overflow-y-auto px-6 py-3 low:shrink-0 low:overflow-visible"
      >
        {refusal && <ProblemNote problem={refusal} />}
        <p className="rounded-md bg-warn-soft px-3 py-2 text-warn">{whyHeld(hold)}</p>
        <div className="max-w-2xl">
          <MessageText text={hold.text} expanded={expanded} onExpand={() => setExpanded(true)} />
        </div>
      </div>
    </section>
  );
}
