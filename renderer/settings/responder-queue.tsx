import { RotateCcw } from "lucide-react";
import type { AnswerJob } from "../../shared/model/responder.ts";
import { Party } from "../inboxes/party.tsx";
import { Button } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { oneLine } from "../ui/format.ts";
import { jobWords } from "./responder-words.ts";

/** Messages that are answered automatically, wait for it, or could not be. */
export function ResponderQueue(props: {
  /** The agent's. */
  name: string;
  jobs: readonly AnswerJob[];
  onRetry: (job: number) => void;
  onGiveUp: (job: number) => void;
}) {
  return (
    <ul
      aria-label={`Messages that ${props.name} answers automatically`}
      data-testid={`answer-queue-${props.name}`}
      className="divide-y divide-line"
    >
      {props.jobs.map((job) => (
        <li key={job.seq} data-state={job.state} className="flex flex-col gap-1 px-3 py-2">
          <div className="flex min-w-0 items-center gap-1.5">
            <Party peer={job.from} name={job.fromName} label={job.fromSession} />
            <span className="shrink-0 text-sm text-muted">to</span>
            <span className={classNames("shrink-0 text-sm", job.label !== null && "font-mono")}>
              {job.label ?? "any session"}
            </span>
            <span className="grow" />
            {job.state === "failed" && (
              <Button look="quiet" onClick={() => props.onGiveUp(job.seq)}>
                Leave it
              </Button>
            )}
            {(job.state === "failed" || job.wait === "backing_off") && (
              <Button onClick={() => props.onRetry(job.seq)}>
                <RotateCcw aria-hidden className="size-3.5" />
                Try again
              </Button>
            )}
          </div>
          <bdi className="truncate">{oneLine(job.text)}</bdi>
          <p
            className={classNames(
              "foreign-text text-sm",
              job.state === "failed" ? "text-bad" : "text-muted",
            )}
          >
            {jobWords(job)}
          </p>
          {job.output && (
            <details className="text-sm">
              <summary className="w-fit text-muted hover:text-ink">
                What Claude Code printed
              </summary>
              <pre className="foreign-text mt-1 rounded-md bg-sunken px-2 py-1.5 font-mono text-xs">
                {job.output}
              </pre>
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
