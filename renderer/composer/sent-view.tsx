import { Plus, Undo2 } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Draft } from "../../shared/model/draft.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { MessageText } from "../inboxes/message-text.tsx";
import { Party } from "../inboxes/party.tsx";
import { RUNG_WORDS } from "../inboxes/rung-words.ts";
import { useComposer } from "../stores/composer-store.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Ladder } from "./ladder.tsx";

/** After sending: the ladder, live until the other side has read it, and beyond; then what was written. */
export function SentView(props: { host: HostSnapshot; draft: Draft; sent: SentMessage }) {
  const { draft, sent } = props;
  const { problem, cancel } = useComposer();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const name = props.host.agents.find((agent) => agent.cryptoId === sent.to)?.name ?? null;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <header className="shrink-0 border-b border-line px-4 py-3">
        <h1
          ref={heading}
          tabIndex={-1}
          data-testid="sent"
          className="w-fit text-lg font-semibold outline-none"
        >
          {RUNG_WORDS[sent.state].word}
        </h1>
        <p className="flex min-w-0 gap-1 text-muted">
          <span className="shrink-0">To</span>
          <Party peer={sent.to} name={name} label={sent.toSession} />
        </p>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys. */}
      <div tabIndex={0} className="flex min-h-0 grow flex-col gap-4 overflow-y-auto px-4 py-3">
        <Ladder sent={sent} />
        {sent.problem && <p className="foreign-text text-warn">{sent.problem}</p>}
        {problem && <ProblemNote problem={problem} />}
        <MessageText text={draft.text} expanded onExpand={() => undefined} />
      </div>
      <div className="flex shrink-0 items-center gap-2 border-t border-line px-4 py-3">
        {sent.state === "queued" && (
          <Button data-testid="take-back" onClick={() => void cancel()}>
            <Undo2 aria-hidden className="size-3.5" />
            Take back
          </Button>
        )}
        <span className="grow" />
        <Button
          data-testid="another"
          onClick={() => void call("composer.open", { agentId: draft.agentId })}
        >
          <Plus aria-hidden className="size-3.5" />
          New message
        </Button>
        <Button look="primary" data-testid="close" onClick={() => window.close()}>
          Close
        </Button>
      </div>
    </div>
  );
}
