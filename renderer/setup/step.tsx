import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { classNames } from "../ui/class-names.ts";

/** One of the first steps: done, at hand, or yet to come. */
export function Step(props: {
  number: number;
  title: string;
  state: "done" | "now" | "later";
  testId?: string;
  last?: boolean;
  children: ReactNode;
}) {
  const { state } = props;
  return (
    <li
      data-testid={props.testId}
      data-state={state}
      aria-current={state === "now" ? "step" : undefined}
      className="grid grid-cols-[28px_minmax(0,1fr)] gap-x-4"
    >
      <div className="flex flex-col items-center">
        <span
          aria-hidden
          className={classNames(
            "flex size-7 shrink-0 items-center justify-center rounded-full text-sm font-semibold",
            state === "done" && "bg-accent-soft text-accent",
            state === "now" && "bg-accent-fill text-on-accent",
            state === "later" && "border border-line-strong text-muted",
          )}
        >
          {state === "done" ? <Check className="size-4" strokeWidth={2.5} /> : props.number}
        </span>
        {!props.last && <span aria-hidden className="w-px grow bg-line" />}
      </div>
      <div className={classNames("min-w-0 pt-1", !props.last && "pb-8")}>
        <h2 className={classNames("font-semibold", state === "later" && "text-muted")}>
          {props.title}
          {state === "done" && <span className="sr-only">, done</span>}
        </h2>
        <div className="mt-1 text-muted">{props.children}</div>
      </div>
    </li>
  );
}
