import { type ReactNode, useId } from "react";

/** A titled part of the agent view. */
export function Section(props: { title: string; note?: string; children: ReactNode }) {
  const heading = useId();
  return (
    <section aria-labelledby={heading} className="flex flex-col gap-2">
      <h2 id={heading} className="font-semibold">
        {props.title}
      </h2>
      {props.note && <p className="text-muted">{props.note}</p>}
      {props.children}
    </section>
  );
}
