import type { RelaySummary } from "../../shared/model/snapshot.ts";
import { classNames } from "../ui/class-names.ts";

const STATES = {
  online: { text: "Online", dot: "bg-good", tone: "text-muted" },
  connecting: { text: "Connecting", dot: "border-2 border-dotted border-warn", tone: "text-muted" },
  offline: { text: "Offline", dot: "border-2 border-bad", tone: "text-bad" },
} as const;

/** Filled, dotted or hollow: the dot tells the states apart without its colour, and the word says it. */
export function RelayState(props: { relay: RelaySummary; testId?: string }) {
  const { text, dot, tone } = STATES[props.relay.state];
  const detail = props.relay.problem ? `: ${props.relay.problem}` : "";
  return (
    <span
      data-testid={props.testId}
      data-state={props.relay.state}
      title={`Relay ${props.relay.url} is ${props.relay.state}${detail}`}
      className={classNames("inline-flex shrink-0 items-center gap-1.5 text-xs", tone)}
    >
      <span aria-hidden className={classNames("size-2 rounded-full", dot)} />
      <span className="sr-only">Relay </span>
      {text}
    </span>
  );
}
