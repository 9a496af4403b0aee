import { MailOpen } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { PermissionPrompts } from "../sessions/permission-prompts.tsx";
import { conversationKey, useConversations } from "../stores/conversation-store.ts";
import { useAgent } from "../stores/host-store.ts";
import { inboxKey, type MailPlace, useMail } from "../stores/mail-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { ConversationHeader } from "./conversation-header.tsx";
import { ConversationList } from "./conversation-list.tsx";
import { MessageList } from "./message-list.tsx";
import { SessionHeader } from "./session-header.tsx";
import { SessionWays } from "./session-ways.tsx";

const NEWER_SHOWN = 100;

/** One session's mail, as conversations or all of it: what came to its label and what it sent. */
export function SessionView(props: {
  agentId: string;
  label: string;
  message?: string | undefined;
  seq?: number | undefined;
}) {
  const { agentId, label } = props;
  const agent = useAgent(agentId);
  const [chosen, setChosen] = useState<string | null>(null);
  const [unread, setUnread] = useState(false);
  const conversations = useConversations((state) => state.conversations);
  useEffect(() => {
    useConversations.getState().show(agentId, label);
    return () => useConversations.getState().hide();
  }, [agentId, label]);
  const [until, setUntil] = useState(untilOf(props.seq));
  // A message to go to stands in all of the mail.
  useEffect(() => {
    setUntil(untilOf(props.seq));
    if (props.message === undefined) return;
    setChosen(null);
    setUnread(false);
  }, [props.message, props.seq]);
  const conversation = conversations?.find((one) => conversationKey(one) === chosen);
  const { peer, other } = conversation ?? {};
  const place = useMemo<MailPlace>(
    () => ({
      agentId,
      label,
      ...(peer !== undefined && { peer }),
      ...(other !== undefined && { other }),
      ...(unread && { unread }),
      ...(until !== undefined && { until }),
    }),
    [agentId, label, peer, other, unread, until],
  );
  if (!agent) return null;
  const session = agent.sessions.find((entry) => entry.label === label);
  return (
    <>
      <SessionHeader
        agent={agent}
        label={label}
        session={session}
        unread={unread}
        onUnread={setUnread}
      />
      {session && <SessionWays agentId={agentId} session={session} />}
      <PermissionPrompts agent={agent} sessions={session ? [session] : []} />
      <div className="flex min-h-0 grow flex-col @3xl:flex-row">
        <ConversationList
          conversations={conversations ?? []}
          chosen={conversation ? chosen : null}
          onChoose={setChosen}
        />
        <div className="flex min-h-0 min-w-0 grow flex-col">
          {conversation && <ConversationHeader agentId={agentId} conversation={conversation} />}
          <Mail
            key={inboxKey(place)}
            place={place}
            agentName={agent.name}
            jumpTo={until === undefined && props.seq !== undefined ? null : (props.message ?? null)}
            onNewest={() => setUntil(undefined)}
          />
        </div>
      </div>
    </>
  );
}

/** Some of what came after it is shown with it. */
function untilOf(seq: number | undefined): number | undefined {
  return seq === undefined ? undefined : seq + NEWER_SHOWN;
}

function Mail(props: {
  place: MailPlace;
  agentName: string;
  jumpTo: string | null;
  onNewest: () => void;
}) {
  const { place } = props;
  const inbox = useMail((state) => state.inboxes[inboxKey(place)]);
  const refresh = useCallback(() => useMail.getState().refresh(place), [place]);
  const loadOlder = useCallback(() => useMail.getState().loadOlder(place), [place]);
  useEffect(() => {
    void useMail.getState().show(place);
    return () => useMail.getState().hide(place);
  }, [place]);
  if (!inbox?.pages) {
    if (!inbox?.problem) return <LoadingRows what="mail" />;
    return (
      <ProblemPage title="The mail cannot be shown" problem={inbox.problem} onRetry={refresh} />
    );
  }
  if (inbox.pages.messages.length === 0) {
    return place.unread ? (
      <Blank icon={MailOpen} title="Nothing unread">
        {place.label} has read everything that came here.
      </Blank>
    ) : (
      <Blank icon={MailOpen} title="No mail yet">
        Messages to {place.label}, and those it sends, appear here.
      </Blank>
    );
  }
  return (
    <MessageList
      pages={inbox.pages}
      label={place.label}
      agentName={props.agentName}
      loadingOlder={inbox.loadingOlder}
      problem={inbox.problem}
      jumpTo={props.jumpTo}
      onNewest={props.onNewest}
      onRetry={refresh}
      loadOlder={loadOlder}
    />
  );
}
