import { CornerUpRight } from "lucide-react";
import { useState } from "react";
import type { FoundMessage } from "../../shared/model/mail.ts";
import { MessageText } from "../inboxes/message-text.tsx";
import { Party } from "../inboxes/party.tsx";
import { RungMark } from "../inboxes/rung-mark.tsx";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatMoment } from "../ui/format.ts";
import { isSent, placeOf, placeWords } from "./found-words.ts";

/** A found message, whole, with the way to where it stands. */
export function FoundDetail({ found }: { found: FoundMessage }) {
  const { message } = found;
  const go = usePlace((state) => state.go);
  const [expanded, setExpanded] = useState(false);
  const place = placeOf(found);
  const sent = isSent(found);
  return (
    <section
      aria-label="Found message"
      className="flex h-full min-h-0 flex-col low:overflow-x-hidden low:overflow-y-auto"
    >
      <div className="flex shrink-0 flex-wrap items-start gap-3 border-b border-line px-6 py-3">
        <dl className="grid min-w-0 grow basis-56 grid-cols-[40px_minmax(0,1fr)] gap-x-2 gap-y-0.5">
          <dt className="text-muted">{sent ? "To" : "From"}</dt>
          <dd className="flex h-5 min-w-0 items-center gap-1">
            <Party
              peer={message.peer}
              name={message.direction === "local" ? found.agentName : message.peerName}
              label={sent ? message.toSession : message.fromSession}
            />
            <CopyButton text={message.peer} what="the cryptoId" />
          </dd>
          <dt className="text-muted">In</dt>
          <dd className="truncate">{placeWords(found, true)}</dd>
          <dt className="text-muted">At</dt>
          <dd className="truncate text-muted">{formatMoment(message.at)}</dd>
        </dl>
        {place && (
          <Button data-testid="open-found" title="Open (Enter)" onClick={() => go(place)}>
            <CornerUpRight aria-hidden className="size-3.5" />
            {place.view === "unrouted" ? "Open Unrouted" : "Show in inbox"}
          </Button>
        )}
      </div>
      <div
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys.
        tabIndex={0}
        className="min-h-0 grow overflow-y-auto px-6 py-3 low:shrink-0 low:overflow-visible"
      >
        <MessageText text={message.text} expanded={expanded} onExpand={() => setExpanded(true)} />
        {sent && message.rung && (
          <RungMark rung={message.rung} ladder={message.ladder} problem={message.problem} />
        )}
      </div>
    </section>
  );
}
