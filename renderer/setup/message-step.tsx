import { Send } from "lucide-react";
import { useCallback, useEffect, useId, useState } from "react";
import { newMessageId } from "../../shared/envelope/message-id.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Ladder } from "../composer/ladder.tsx";
import { useHost } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { TextInput } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import type { Attached } from "./setup-view.tsx";

const GREETING = "Hello! If you can read this, say so in one sentence.";
const ASK = "Check your tinyplace inbox.";
const ARRIVED = ["read", "seen", "answered"];

/** One message from the person to their session, followed until the session has read it. */
export function MessageStep(props: {
  agent: AgentSummary;
  attached: Attached | null;
  onDone: () => void;
}) {
  const { attached } = props;
  const { setup, remember } = usePlace();
  const snapshot = useHost((state) => state.snapshot);
  const field = useId();
  const [text, setText] = useState(GREETING);
  const [sent, setSent] = useState<SentMessage | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const agentId = setup?.agentId ?? props.agent.cryptoId;
  const id = setup?.messageId ?? null;
  const follow = useCallback(async () => {
    if (id === null) return;
    try {
      setSent((await call("message.status", { agentId, id })).sent);
    } catch {
      // It was interrupted before it was kept: it can be sent again.
      setSent(null);
    }
  }, [agentId, id]);
  // Whatever happens to a message changes the snapshot.
  useEffect(() => void (snapshot && follow()), [follow, snapshot]);

  async function send() {
    if (!attached) return;
    const draft = {
      id: newMessageId(crypto.getRandomValues(new Uint8Array(9))),
      agentId: attached.agent.cryptoId,
      fromSession: null,
      to: attached.agent.cryptoId,
      toSession: attached.session.label,
      role: "user" as const,
      text,
      answers: null,
    };
    setProblem(null);
    try {
      setSent((await call("composer.send", draft)).sent);
      remember({ agentId: draft.agentId, messageId: draft.id });
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }

  if (!sent) {
    return (
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <label htmlFor={field}>
          To {attached ? `${attached.agent.name} / ${attached.session.label}` : "your session"}
        </label>
        <div className="flex gap-2">
          <TextInput
            id={field}
            className="grow"
            maxLength={1000}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
          <Button
            look="primary"
            type="submit"
            className="h-8"
            data-testid="send-first"
            disabled={!attached || text.trim() === ""}
          >
            <Send aria-hidden className="size-3.5" />
            Send
          </Button>
        </div>
        {!attached && <p>The session ended. Start Claude Code again to go on.</p>}
        {problem && <ProblemNote problem={problem} />}
      </form>
    );
  }
  const arrived = ARRIVED.includes(sent.state);
  return (
    <div className="flex flex-col gap-3">
      {arrived ? (
        <p role="status" data-testid="first-read" className="font-medium text-good">
          It arrived: your session has read it.
        </p>
      ) : (
        <p className="flex flex-wrap items-center gap-1">
          Now ask your session:
          <span className="rounded bg-sunken px-2 py-0.5 text-ink select-text">{ASK}</span>
          <CopyButton text={ASK} what="these words" />
        </p>
      )}
      <Ladder sent={sent} />
      {sent.problem && <p className="foreign-text text-warn">{sent.problem}</p>}
      <Button
        look={arrived ? "primary" : "plain"}
        className="self-start"
        data-testid="finish-setup"
        onClick={props.onDone}
      >
        Done
      </Button>
    </div>
  );
}
