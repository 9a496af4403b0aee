import { shortId } from "../ui/format.ts";

/** An agent and session: the person's own name for it, else its short cryptoId; never a sender's claim. */
export function Party(props: { peer: string; name: string | null; label: string | null }) {
  return (
    <span title={props.peer} className="flex min-w-0 items-baseline overflow-hidden">
      {props.name ? (
        <span className="truncate-late font-semibold">{props.name}</span>
      ) : (
        <span className="truncate-late font-mono text-sm font-semibold">{shortId(props.peer)}</span>
      )}
      {props.label && (
        <>
          <span className="px-1 text-muted">/</span>
          <span className="truncate-late font-mono text-sm">{props.label}</span>
        </>
      )}
    </span>
  );
}
