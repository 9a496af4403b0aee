import { BadgeCheck, Mails, ShieldAlert } from "lucide-react";
import type { ConversationView } from "../../shared/model/mail.ts";
import { conversationKey } from "../stores/conversation-store.ts";
import { classNames } from "../ui/class-names.ts";
import { Select } from "../ui/field.tsx";
import { formatAge, formatMoment, oneLine, shortId } from "../ui/format.ts";
import { UnreadBadge } from "../ui/unread-badge.tsx";
import { walk } from "../ui/walk.ts";

interface ConversationListProps {
  conversations: readonly ConversationView[];
  /** The chosen conversation's key; null for all mail. */
  chosen: string | null;
  onChoose: (key: string | null) => void;
}

/** With whom this session writes, the last one first. Where there is little room, a drop-down list. */
export function ConversationList(props: ConversationListProps) {
  const { conversations, chosen, onChoose } = props;
  return (
    <>
      <div className="flex h-11 shrink-0 items-center border-b border-line px-6 @3xl:hidden">
        <Select
          aria-label="Conversation"
          className="w-full text-sm"
          value={chosen ?? ""}
          onChange={({ target }) => onChoose(target.value === "" ? null : target.value)}
        >
          <option value="">All conversations</option>
          {conversations.map((one) => (
            <option key={conversationKey(one)} value={conversationKey(one)}>
              {nameOf(one)}
              {one.unread > 0 && ` (${one.unread} unread)`}
            </option>
          ))}
        </Select>
      </div>
      <ul
        aria-label="Conversations"
        onKeyDown={walk("[data-conversation]")}
        className="hidden min-h-0 w-60 shrink-0 flex-col overflow-y-auto border-r border-line @3xl:flex"
      >
        <li>
          <Row current={chosen === null} testId="conversation-all" onClick={() => onChoose(null)}>
            <span className="flex items-center gap-2 font-semibold">
              <Mails aria-hidden className="size-3.5 text-muted" />
              All mail
            </span>
          </Row>
        </li>
        {conversations.map((one) => {
          const key = conversationKey(one);
          return (
            <li key={key}>
              <Row
                current={chosen === key}
                testId={`conversation-${nameOf(one)}`}
                onClick={() => onChoose(key)}
              >
                <Conversation conversation={one} />
              </Row>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Conversation({ conversation }: { conversation: ConversationView }) {
  const { start, at, sent, unread } = conversation;
  return (
    <>
      <span className="flex w-full items-center gap-1.5">
        <ConversationName conversation={conversation} />
        <span className="grow" />
        <UnreadBadge count={unread} />
        <time
          dateTime={at}
          title={formatMoment(at)}
          className="shrink-0 text-xs text-muted tabular-nums"
        >
          {formatAge(at, new Date())}
        </time>
      </span>
      <span className="flex w-full min-w-0 gap-1 text-sm text-muted">
        {sent && <span className="shrink-0">Sent:</span>}
        <bdi className="min-w-0 truncate">{oneLine(start)}</bdi>
      </span>
    </>
  );
}

export function ConversationName({ conversation }: { conversation: ConversationView }) {
  const { peer, other, suite, verifiedAt } = conversation;
  return (
    <>
      <span
        title={peer}
        className={classNames(
          "min-w-0 truncate font-semibold",
          (other !== undefined || !conversation.peerName) && "font-mono text-sm",
        )}
      >
        {nameOf(conversation)}
      </span>
      {verifiedAt !== null && (
        <BadgeCheck role="img" aria-label="Verified" className="size-3.5 shrink-0 text-good" />
      )}
      {suite === "sdk" && (
        <ShieldAlert
          role="img"
          aria-label="Less protected"
          className="size-3.5 shrink-0 text-warn"
        />
      )}
    </>
  );
}

function nameOf({ peer, peerName, other }: ConversationView): string {
  if (other !== undefined) return other ?? "Any session here";
  return peerName ?? shortId(peer);
}

function Row(props: {
  current: boolean;
  testId: string;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      data-conversation
      data-testid={props.testId}
      aria-current={props.current ? "true" : undefined}
      // One stop of the Tab key for the whole list, before the mail.
      tabIndex={props.current ? 0 : -1}
      onClick={props.onClick}
      className={classNames(
        "flex min-h-9 w-full flex-col justify-center gap-0.5 border-b border-line px-4 py-2 text-left",
        props.current ? "bg-selected" : "hover:bg-hover",
      )}
    >
      {props.children}
    </button>
  );
}
