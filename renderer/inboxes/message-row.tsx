import { ArrowDownLeft, ArrowUpRight, Bot, ShieldAlert } from "lucide-react";
import { memo } from "react";
import type { MessageView } from "../../shared/model/snapshot.ts";
import { classNames } from "../ui/class-names.ts";
import { formatMoment, formatTime } from "../ui/format.ts";
import { MessageText } from "./message-text.tsx";
import { Party } from "./party.tsx";
import { ReplyLink } from "./reply-link.tsx";
import { RungMark } from "./rung-mark.tsx";
import { isUnread, sentBy } from "./timeline.ts";

export interface MessageRowProps {
  message: MessageView;
  /** The session whose mail this is. */
  label: string;
  agentName: string;
  replyTarget: MessageView | undefined;
  expanded: boolean;
  marked: boolean;
  onExpand: (message: MessageView) => void;
  onJump: (id: string) => void;
}

/** Drawn once: scrolling moves a row and leaves what is in it. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, label } = props;
  const sent = sentBy(message, label);
  const unread = isUnread(message, label);
  const Direction = sent ? ArrowUpRight : ArrowDownLeft;
  return (
    <article
      data-testid={`message-${message.id}`}
      aria-label={`${sent ? "Sent" : unread ? "Received, unread" : "Received"}, ${formatMoment(message.at)}`}
      className={classNames(
        "relative grid grid-cols-[24px_minmax(0,1fr)] gap-x-3 px-6 py-2",
        props.marked && "bg-accent-soft",
      )}
    >
      {unread && (
        <span aria-hidden className="absolute inset-y-2 left-2 w-1 rounded-full bg-accent-fill" />
      )}
      <span
        aria-hidden
        className={classNames(
          "mt-0.5 flex size-6 items-center justify-center rounded-full",
          sent ? "bg-sunken text-muted" : "bg-accent-soft text-accent",
        )}
      >
        <Direction className="size-3.5" strokeWidth={2.25} />
      </span>
      <div className="min-w-0">
        <div className="flex h-6 min-w-0 items-center gap-2">
          <span className="sr-only">{sent ? "Sent to" : "Received from"}</span>
          <Party
            peer={message.peer}
            name={message.direction === "local" ? props.agentName : message.peerName}
            label={sent ? message.toSession : message.fromSession}
          />
          {message.auto && <AutoBadge />}
          {message.late && (
            <Tag title="Sent again after a repair: it may be older than what came before it">
              late
            </Tag>
          )}
          {message.suite === "sdk" && <LessProtectedBadge />}
          {message.role === "user" && (
            <Tag title="Written by the person, not by the model">person</Tag>
          )}
          {unread && <span className="shrink-0 text-xs font-semibold text-accent">Unread</span>}
          <span className="grow" />
          <time
            dateTime={message.at}
            title={timeTitle(message)}
            className="shrink-0 text-xs text-muted tabular-nums"
          >
            {formatTime(message.at)}
          </time>
        </div>
        {message.inReplyTo && (
          <ReplyLink
            target={props.replyTarget}
            onJump={() => props.onJump(message.inReplyTo ?? "")}
          />
        )}
        <MessageText
          text={message.text}
          expanded={props.expanded}
          onExpand={() => props.onExpand(message)}
        />
        {sent && message.rung && (
          <RungMark rung={message.rung} ladder={message.ladder} problem={message.problem} />
        )}
      </div>
    </article>
  );
});

function AutoBadge() {
  return (
    <Tag title="Written by an auto-responder, not in a session">
      <Bot aria-hidden className="size-3" />
      auto
    </Tag>
  );
}

function LessProtectedBadge() {
  return (
    <Tag title="Less protected: the other agent's program knows only the network's older encryption, which does not hold against quantum computers and cannot tell us what was lost">
      <ShieldAlert aria-hidden className="size-3" />
      less protected
    </Tag>
  );
}

function Tag(props: { title: string; children: React.ReactNode }) {
  return (
    <span
      title={props.title}
      className="inline-flex h-4 shrink-0 items-center gap-1 rounded border border-line px-1 text-xs text-muted"
    >
      {props.children}
    </span>
  );
}

/** The sender's clock is the sender's claim, so it stands apart from the time mail came in. */
function timeTitle(message: MessageView): string {
  const stored = formatMoment(message.at);
  if (message.sentAt === null) return stored;
  return `${stored}; the sender says it was written ${formatMoment(message.sentAt)}`;
}
