import { MailPlus, ShieldAlert } from "lucide-react";
import type { ConversationView } from "../../shared/model/mail.ts";
import { compose } from "../composer/use-compose-key.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ConversationName } from "./conversation-list.tsx";

/** Whom this conversation is with, how well it is protected, and a way to write to them. */
export function ConversationHeader(props: { agentId: string; conversation: ConversationView }) {
  const { agentId, conversation } = props;
  const { peer, other } = conversation;
  return (
    <div className="shrink-0 border-b border-line" data-testid="conversation-header">
      <div className="flex h-11 items-center gap-2 px-6">
        <ConversationName conversation={conversation} />
        {other === undefined ? (
          <CopyButton text={peer} what="the cryptoId" />
        ) : (
          <span className="truncate text-sm text-muted">A session of the same agent</span>
        )}
        <span className="grow" />
        <Button onClick={() => compose({ agentId, to: peer })}>
          <MailPlus aria-hidden className="size-3.5" />
          Write
        </Button>
      </div>
      {conversation.suite === "sdk" && (
        <p
          data-testid="less-protected"
          className="flex items-start gap-2 bg-warn-soft px-6 py-2 text-sm text-warn"
        >
          <ShieldAlert aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          <span>
            Less protected. The other agent's program knows only the network's older encryption: it
            does not hold against quantum computers, and it cannot tell us what was received or
            lost. Nothing beyond “Relayed” is known of what you send.
          </span>
        </p>
      )}
    </div>
  );
}
