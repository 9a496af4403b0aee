import { Check } from "lucide-react";
import { useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Section } from "./section.tsx";

/** Agents that ask to be contacts. A request leaves the list when the daemon says it is accepted. */
export function ContactRequests({ agent }: { agent: AgentSummary }) {
  const [accepting, setAccepting] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);

  async function accept(requester: string) {
    setAccepting(requester);
    setProblem(null);
    try {
      await call("contact.accept", { agentId: agent.cryptoId, requester });
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setAccepting(null);
  }

  return (
    <Section
      title="Contact requests"
      note={`These agents ask to write to ${agent.name}. Compare the cryptoId with the one you were given.`}
    >
      <ul className="divide-y divide-line rounded-md border border-line">
        {agent.contactRequests.map((request) => (
          <li key={request.agentId} className="flex min-h-10 items-center gap-1 py-1 pr-1.5 pl-3">
            <span className="min-w-0 grow font-mono text-sm wrap-anywhere select-text">
              {request.agentId}
            </span>
            <CopyButton text={request.agentId} what="the cryptoId" />
            <Button
              data-testid={`accept-${request.agentId}`}
              disabled={accepting !== null}
              onClick={() => accept(request.agentId)}
            >
              <Check aria-hidden className="size-3.5" />
              Accept
            </Button>
          </li>
        ))}
      </ul>
      {problem && <ProblemNote problem={problem} />}
    </Section>
  );
}
