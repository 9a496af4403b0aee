import { Circle, Hand, type LucideIcon, Play, Unplug } from "lucide-react";
import type { SessionSummary } from "../../shared/model/snapshot.ts";
import { classNames } from "../ui/class-names.ts";

type Shown = SessionSummary["state"] | "absent";

const STATES: Record<Shown, { icon: LucideIcon; text: string; tone: string; title: string }> = {
  working: {
    icon: Play,
    text: "Working",
    tone: "text-accent",
    title: "Claude is working in this session",
  },
  idle: {
    icon: Circle,
    text: "Idle",
    tone: "text-muted",
    title: "Claude has finished and this session is at rest",
  },
  waiting: {
    icon: Hand,
    text: "Waiting",
    tone: "text-warn",
    title: "This session waits for you",
  },
  absent: {
    icon: Unplug,
    text: "Not live",
    tone: "text-muted",
    title: "No session holds this label; its mail waits for one",
  },
};

/** A session's state in shape and word, so that colour is never the only sign. */
export function SessionState(props: { state: Shown }) {
  const { icon: Icon, text, tone, title } = STATES[props.state];
  return (
    <span title={title} className={classNames("inline-flex shrink-0 items-center gap-1", tone)}>
      <Icon aria-hidden className="size-3" strokeWidth={2.25} />
      {text}
    </span>
  );
}
