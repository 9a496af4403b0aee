import { ArrowDown } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import type { ErrorView } from "../../shared/errors/errors.ts";
import type { MessageView } from "../../shared/model/snapshot.ts";
import type { MailPages } from "../stores/mail-pages.ts";
import { Button } from "../ui/button.tsx";
import { useLostFocus } from "../ui/lost-focus.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { DayHeading } from "./day-heading.tsx";
import { MessageRow } from "./message-row.tsx";
import { NewMailStatus } from "./new-mail-status.tsx";
import { timelineRows } from "./timeline.ts";
import { useJump } from "./use-jump.ts";
import { useMessageList } from "./use-message-list.ts";

interface MessageListProps {
  pages: MailPages;
  label: string;
  agentName: string;
  loadingOlder: boolean;
  problem: ErrorView | null;
  /** The id of a message to begin at; null for the newest. */
  jumpTo: string | null;
  /** Shows the newest mail, in place of the past. */
  onNewest: () => void;
  onRetry: () => void;
  loadOlder: () => Promise<void>;
}

export function MessageList(props: MessageListProps) {
  const { pages, label, loadOlder } = props;
  const rows = useMemo(() => timelineRows(pages.messages, pages.more), [pages]);
  const byId = useMemo(() => new Map(pages.messages.map((m) => [m.id, m])), [pages]);
  const [expanded, setExpanded] = useState<ReadonlySet<number>>(new Set());
  const askOlder = useCallback(() => void loadOlder(), [loadOlder]);
  const { scroller, virtualizer, topSpace } = useMessageList(rows, askOlder);
  const { jumpTo, marked, missing } = useJump(pages, props.jumpTo, loadOlder, virtualizer);
  useLostFocus(scroller, props.jumpTo !== null);
  const expand = useCallback(
    (message: MessageView) => setExpanded((old) => new Set(old).add(message.seq)),
    [],
  );

  return (
    <div className="relative min-h-0 grow">
      {/* New mail is announced apart: drawing rows while scrolling is no news. */}
      <div
        ref={scroller}
        role="log"
        aria-live="off"
        aria-label={`Mail of ${label}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys.
        tabIndex={0}
        className="h-full overflow-x-hidden overflow-y-auto [contain:strict]"
      >
        <div className="relative" style={{ height: virtualizer.getTotalSize() }}>
          <p
            className="absolute inset-x-0 top-0 flex items-center px-6 text-sm text-muted"
            style={{ height: topSpace }}
          >
            {pages.more
              ? props.loadingOlder
                ? "Loading older mail"
                : ""
              : "The first mail of this label"}
          </p>
          {virtualizer.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const { message, startsDay } = row;
            const answered = message.inReplyTo;
            return (
              <div
                key={item.key}
                data-index={item.index}
                ref={virtualizer.measureElement}
                className="absolute inset-x-0 top-0 [contain:layout_style]"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {startsDay && <DayHeading at={message.at} />}
                <MessageRow
                  message={message}
                  label={label}
                  agentName={props.agentName}
                  replyTarget={answered === null ? undefined : byId.get(answered)}
                  expanded={expanded.has(message.seq)}
                  marked={marked === message.id}
                  onExpand={expand}
                  onJump={jumpTo}
                />
              </div>
            );
          })}
        </div>
      </div>
      <NewMailStatus pages={pages} label={label} />
      {pages.newer && (
        <Button
          data-testid="show-newest"
          className="absolute right-6 bottom-4 shadow-menu"
          onClick={props.onNewest}
        >
          <ArrowDown aria-hidden className="size-3.5" />
          To the newest
        </Button>
      )}
      {(props.problem || missing) && (
        <div className="absolute inset-x-6 bottom-4">
          {props.problem ? (
            <ProblemNote problem={props.problem} onRetry={props.onRetry} />
          ) : (
            <p
              role="status"
              className="w-fit rounded-md border border-line bg-raised px-3 py-2 shadow-menu"
            >
              The message it answers is not among this session's mail.
            </p>
          )}
        </div>
      )}
    </div>
  );
}
