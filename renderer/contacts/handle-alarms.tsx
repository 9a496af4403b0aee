import { ShieldAlert } from "lucide-react";
import { useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary, HandleChange } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { formatMoment } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";

/** A name that came to mean another agent: loud, and nothing is sent to it until it is decided. */
export function HandleAlarms({ agent }: { agent: AgentSummary }) {
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const decide = ({ handle }: HandleChange, to: string) =>
    call("handle.decide", { agentId: agent.cryptoId, handle, to }).catch((thrown: unknown) =>
      setProblem(errorView(thrown)),
    );
  return (
    <div
      role="alert"
      className="flex max-h-1/2 shrink-0 flex-col gap-3 overflow-y-auto border-b border-line p-4"
    >
      <ul className="contents">
        {agent.handleChanges.map((change) => (
          <li
            key={change.handle}
            data-testid={`alarm-${change.handle}`}
            className="flex gap-3 rounded-md border border-bad/40 bg-bad-soft p-3"
          >
            <ShieldAlert aria-hidden className="mt-0.5 size-5 shrink-0 text-bad" />
            <div className="flex min-w-0 flex-col gap-2">
              <p className="font-semibold">
                <bdi>{change.handle}</bdi> means another agent since {formatMoment(change.at)}.
              </p>
              <p>
                Somebody may want to read what you write. Nothing is sent to this name until you
                decide; ask its owner over another way which one is right.
              </p>
              <dl className="grid grid-cols-[56px_minmax(0,1fr)] gap-x-2 text-sm">
                <dt className="text-muted">Before</dt>
                <dd className="font-mono wrap-anywhere select-text">{change.before}</dd>
                <dt className="text-muted">Now</dt>
                <dd className="font-mono wrap-anywhere select-text">{change.now}</dd>
              </dl>
              <div className="flex flex-wrap gap-2">
                <Button
                  look="primary"
                  data-testid="keep-before"
                  onClick={() => decide(change, change.before)}
                >
                  Keep the one before
                </Button>
                <Button data-testid="take-now" onClick={() => decide(change, change.now)}>
                  The new one is right
                </Button>
              </div>
            </div>
          </li>
        ))}
      </ul>
      {problem && <ProblemNote problem={problem} />}
    </div>
  );
}
