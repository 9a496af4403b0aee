import { useMemo } from "react";
import { collapsedText } from "./timeline.ts";

/** A message's text: always text, never markup (rule Z4). */
export function MessageText(props: { text: string; expanded: boolean; onExpand: () => void }) {
  const collapsed = useMemo(() => collapsedText(props.text), [props.text]);
  const cut = collapsed !== null && !props.expanded;
  return (
    <>
      <p dir="auto" className="foreign-text max-w-2xl">
        {cut ? `${collapsed}…` : props.text}
      </p>
      {cut && (
        <button
          type="button"
          className="mt-1 -ml-1 rounded px-1 text-sm font-medium text-accent hover:underline"
          onClick={props.onExpand}
        >
          Show all ({props.text.length.toLocaleString()} characters)
        </button>
      )}
    </>
  );
}
