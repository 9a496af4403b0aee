import { useCallback, useEffect, useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { ResponderChange } from "../../shared/model/responder.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Line } from "./line.tsx";
import { ResponderLimits } from "./responder-limits.tsx";
import { ResponderQueue } from "./responder-queue.tsx";
import { standingWords } from "./responder-words.ts";

/** Whether an agent answers by itself, within which limits, and what became of it (rules X1, X2). */
export function ResponderSettings(props: { agent: AgentSummary }) {
  const { cryptoId: agentId, name } = props.agent;
  const [view, setView] = useState<WindowResponse<"responder.get"> | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const load = useCallback(
    () =>
      call("responder.get", { agentId }).then(setView, (thrown: unknown) =>
        setProblem(errorView(thrown)),
      ),
    [agentId],
  );
  // What the daemon does with the queue changes these numbers.
  const counts = useHost((state) =>
    JSON.stringify(state.snapshot?.responders.find((one) => one.agentId === agentId)),
  );
  useEffect(() => void (counts && load()), [counts, load]);
  async function change(what: Promise<unknown>) {
    setProblem(null);
    await what.catch((thrown: unknown) => setProblem(errorView(thrown)));
    await load();
  }
  if (!view) return problem && <ProblemNote problem={problem} onRetry={() => void load()} />;
  const set = (settings: ResponderChange) => change(call("responder.set", { agentId, settings }));
  const { standing, settings, forced, jobs } = view;
  const isStopped = standing.reason === "stopped";
  const isOn = forced ? standing.state === "on" : settings.on && !isStopped;
  return (
    <>
      <div className="divide-y divide-line rounded-md border border-line">
        <Line name="Automatic answers" hint={standingWords(standing)}>
          <input
            type="checkbox"
            aria-label={`Automatic answers of ${name}`}
            data-testid={`answers-${name}`}
            disabled={forced && !isStopped}
            checked={isOn}
            onChange={({ target }) => void set({ on: target.checked })}
          />
        </Line>
        {isOn && <ResponderLimits name={name} view={view} onSet={set} />}
        {jobs.length > 0 && (
          <ResponderQueue
            name={name}
            jobs={jobs}
            onRetry={(job) => void change(call("responder.retry", { agentId, job }))}
            onGiveUp={(job) => void change(call("responder.give-up", { agentId, job }))}
          />
        )}
      </div>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}
