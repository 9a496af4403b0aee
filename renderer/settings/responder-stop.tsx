import { OctagonX } from "lucide-react";
import { useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { Section } from "../sessions/section.tsx";
import { useHost } from "../stores/host-store.ts";
import { Button } from "../ui/button.tsx";
import { plural } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Line } from "./line.tsx";

/** One button against all of them, for as long as some agent answers by itself. */
export function StopAnswers() {
  const responders = useHost((state) => state.snapshot?.responders) ?? [];
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const on = responders.filter(({ standing }) => standing.state === "on").length;
  const running = responders.reduce((sum, one) => sum + one.running, 0);
  if (on === 0 && running === 0) return null;
  const stop = () => {
    setProblem(null);
    call("responder.stop-all", {}).catch((thrown: unknown) => setProblem(errorView(thrown)));
  };
  return (
    <Section title="Automatic answers">
      <div className="rounded-md border border-line">
        <Line
          name={`${plural(on, "agent")} ${on === 1 ? "answers" : "answer"} mail automatically`}
          hint={running === 0 ? "Nothing is being answered now" : `${running} being answered now`}
        >
          <Button data-testid="stop-answers" onClick={stop}>
            <OctagonX aria-hidden className="size-3.5" />
            Stop all
          </Button>
        </Line>
      </div>
      {problem && <ProblemNote problem={problem} />}
    </Section>
  );
}
