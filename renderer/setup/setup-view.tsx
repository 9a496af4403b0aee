import { useRef } from "react";
import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { useHost } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { useLostFocus } from "../ui/lost-focus.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { ConnectStep } from "./connect-step.tsx";
import { MessageStep } from "./message-step.tsx";
import { Step } from "./step.tsx";

/**
 * The first steps: an agent, Claude Code connected, a message that arrived. What is done is what the
 * daemon says is so; so it can be left and gone on with at any time.
 */
export function SetupView() {
  const agents = useHost((state) => state.snapshot?.agents) ?? [];
  const { setup, remember, go } = usePlace();
  const steps = useRef<HTMLElement>(null);
  useLostFocus(steps);
  const agent = agents.find((one) => one.cryptoId === setup?.agentId) ?? agents[0];
  if (!agent) return null;
  const attached = attachedSession(agent, agents);
  const connected = attached !== null || (setup?.messageId ?? null) !== null;
  const end = () => {
    remember(null);
    go(
      attached
        ? { view: "session", agentId: attached.agent.cryptoId, label: attached.session.label }
        : { view: "agent", agentId: agent.cryptoId },
    );
  };
  return (
    <>
      <PageHeader
        title="First steps"
        detail={<span className="truncate">Under a minute, and you can come back to it</span>}
        actions={
          <Button look="quiet" data-testid="skip-setup" onClick={end}>
            Skip
          </Button>
        }
      />
      <section
        ref={steps}
        tabIndex={-1}
        aria-label="First steps"
        className="min-h-0 grow overflow-y-auto px-6 py-6"
      >
        <ol className="flex max-w-xl flex-col">
          <Step number={1} title={`Your agent is ${agent.name}`} state="done">
            It has its own address and keys, on this machine alone.
          </Step>
          <Step
            number={2}
            title="Connect Claude Code"
            state={connected ? "done" : "now"}
            testId="step-connect"
          >
            <ConnectStep agent={agent} attached={attached} />
          </Step>
          <Step
            number={3}
            title="Send yourself a first message"
            state={connected ? "now" : "later"}
            testId="step-message"
            last
          >
            {connected ? (
              <MessageStep agent={agent} attached={attached} onDone={end} />
            ) : (
              "From you to that session, to see it arrive."
            )}
          </Step>
        </ol>
      </section>
    </>
  );
}

export interface Attached {
  readonly agent: AgentSummary;
  readonly session: SessionSummary;
}

/** A live session: this agent's, else one of an agent that sessions were assigned to before. */
function attachedSession(agent: AgentSummary, agents: readonly AgentSummary[]): Attached | null {
  for (const one of [agent, ...agents]) {
    const [session] = one.sessions;
    if (session) return { agent: one, session };
  }
  return null;
}
