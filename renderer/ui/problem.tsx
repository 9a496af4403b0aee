import { CircleAlert, RefreshCw } from "lucide-react";
import type { ErrorView } from "../../shared/errors/errors.ts";
import { Button } from "./button.tsx";

/** What is wrong and what to do about it, filling the space of what could not be shown. */
export function ProblemPage(props: { title: string; problem: ErrorView; onRetry: () => void }) {
  return (
    <div role="alert" className="flex h-full items-center justify-center p-8">
      <div className="flex w-full max-w-md flex-col items-start gap-3">
        <CircleAlert aria-hidden className="size-6 text-bad" />
        <h2 className="text-lg font-semibold">{props.title}</h2>
        <p className="foreign-text">{props.problem.error}</p>
        <p className="foreign-text text-muted">{props.problem.next}</p>
        <div className="mt-1 flex items-center gap-3">
          <Button look="primary" onClick={props.onRetry}>
            <RefreshCw aria-hidden className="size-3.5" />
            Try again
          </Button>
          <code className="font-mono text-xs text-muted">{props.problem.code}</code>
        </div>
      </div>
    </div>
  );
}

/** The same beside or below the control that failed. */
export function ProblemNote(props: { problem: ErrorView; onRetry?: () => void }) {
  return (
    <div
      role="alert"
      className="flex items-start gap-2 rounded-md border border-bad/40 bg-bad-soft px-3 py-2"
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 grow">
        <p className="foreign-text">{props.problem.error}</p>
        <p className="foreign-text text-muted">{props.problem.next}</p>
      </div>
      {props.onRetry && <Button onClick={props.onRetry}>Try again</Button>}
    </div>
  );
}
