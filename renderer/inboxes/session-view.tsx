import { MailOpen } from "lucide-react";
import { useCallback, useEffect } from "react";
import { useAgent } from "../stores/host-store.ts";
import { inboxKey, useMail } from "../stores/mail-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { MessageList } from "./message-list.tsx";
import { SessionHeader } from "./session-header.tsx";

/** One session's mail: what came to its label and what it sent. */
export function SessionView(props: { agentId: string; label: string }) {
  const { agentId, label } = props;
  const agent = useAgent(agentId);
  useEffect(() => {
    void useMail.getState().show(agentId, label);
    return () => useMail.getState().hide(agentId, label);
  }, [agentId, label]);
  if (!agent) return null;
  const session = agent.sessions.find((entry) => entry.label === label);
  return (
    <>
      <SessionHeader agent={agent} label={label} session={session} />
      <Mail agentId={agentId} label={label} agentName={agent.name} />
    </>
  );
}

function Mail(props: { agentId: string; label: string; agentName: string }) {
  const { agentId, label } = props;
  const inbox = useMail((state) => state.inboxes[inboxKey(agentId, label)]);
  const refresh = useCallback(() => useMail.getState().refresh(agentId, label), [agentId, label]);
  const loadOlder = useCallback(
    () => useMail.getState().loadOlder(agentId, label),
    [agentId, label],
  );
  if (!inbox?.pages) {
    if (!inbox?.problem) return <LoadingRows what="mail" />;
    return (
      <ProblemPage title="The mail cannot be shown" problem={inbox.problem} onRetry={refresh} />
    );
  }
  if (inbox.pages.messages.length === 0) {
    return (
      <Blank icon={MailOpen} title="No mail yet">
        Messages to {label}, and those it sends, appear here.
      </Blank>
    );
  }
  return (
    <MessageList
      pages={inbox.pages}
      label={label}
      agentName={props.agentName}
      loadingOlder={inbox.loadingOlder}
      problem={inbox.problem}
      onRetry={refresh}
      loadOlder={loadOlder}
    />
  );
}
