import { useCallback, useEffect, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** How Claude Code is connected: one command to paste into a terminal. */
export function AttachCommand() {
  const [command, setCommand] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const load = useCallback(async () => {
    setProblem(null);
    try {
      setCommand((await call("host.attach-command", {})).command);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }, []);
  useEffect(() => void load(), [load]);

  if (problem) return <ProblemNote problem={problem} onRetry={load} />;
  return (
    <div className="flex min-h-10 items-center gap-2 rounded-md border border-line bg-sunken py-1.5 pr-1.5 pl-3">
      <code
        data-testid="attach-command"
        className="min-w-0 grow font-mono text-sm wrap-anywhere select-text"
      >
        {command ?? "…"}
      </code>
      <CopyButton text={command ?? ""} what="the command" />
    </div>
  );
}
