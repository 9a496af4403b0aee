import type { ComponentProps, ReactNode } from "react";
import { classNames } from "./class-names.ts";

const LOOK =
  "h-8 min-w-0 rounded-md border border-line-strong bg-raised px-2 text-ink select-text placeholder:text-muted disabled:opacity-60";

export function TextInput({ className, ...rest }: ComponentProps<"input">) {
  return (
    <input
      autoComplete="off"
      spellCheck={false}
      className={classNames(LOOK, className)}
      {...rest}
    />
  );
}

/** The system's own list: it needs no room of the window's, and every keyboard knows it. */
export function Select({ className, ...rest }: ComponentProps<"select">) {
  return <select className={classNames(LOOK, className)} {...rest} />;
}

/** A label beside its control; `hint` says what the choice means. */
export function Field(props: { label: string; id: string; hint?: ReactNode; children: ReactNode }) {
  return (
    <div className="grid grid-cols-[72px_minmax(0,1fr)] items-center gap-x-3 gap-y-1">
      <label htmlFor={props.id} className="text-right text-muted">
        {props.label}
      </label>
      <div className="flex min-w-0 items-center gap-2">{props.children}</div>
      {props.hint && <p className="col-start-2 text-sm text-muted">{props.hint}</p>}
    </div>
  );
}
