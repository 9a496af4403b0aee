import { shortId } from "../ui/format.ts";

/** An agent and session: the person's own name for it, else its short cryptoId; never a sender's claim. */
export function Party(props: { peer: string; name: string | null; label: string | null }) {
  return (
    <span title={props.peer} className="min-w-0 truncate">
      {props.name ? (
        <span className="font-semibold">{props.name}</span>
      ) : (
        <span className="font-mono text-sm font-semibold">{shortId(props.peer)}</span>
      )}
      {props.label && (
        <>
          <span className="px-1 text-muted">/</span>
          <span className="font-mono text-sm">{props.label}</span>
        </>
      )}
    </span>
  );
}
