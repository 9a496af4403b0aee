import {
  Check,
  CheckCheck,
  CircleAlert,
  Clock,
  Hourglass,
  Inbox,
  type LucideIcon,
  Reply,
} from "lucide-react";
import type { Rung } from "../../shared/model/snapshot.ts";
import { RUNG_WORDS } from "./rung-words.ts";

const LOOKS: Record<Rung, { icon: LucideIcon; tone: string }> = {
  queued: { icon: Clock, tone: "text-muted" },
  relayed: { icon: Check, tone: "text-muted" },
  held: { icon: Hourglass, tone: "text-warn" },
  inbox: { icon: Inbox, tone: "text-muted" },
  read: { icon: CheckCheck, tone: "text-good" },
  answered: { icon: Reply, tone: "text-good" },
  failed: { icon: CircleAlert, tone: "text-bad" },
};

/** How far a sent message came, and why no further. */
export function RungMark(props: { rung: Rung; problem: string | null }) {
  const { word, meaning } = RUNG_WORDS[props.rung];
  const { icon: Icon, tone } = LOOKS[props.rung];
  return (
    <p title={meaning} className={`mt-1 flex items-start gap-1.5 text-sm ${tone}`}>
      <Icon aria-hidden className="mt-0.5 size-3 shrink-0" strokeWidth={2.25} />
      <span className="min-w-0 wrap-anywhere">
        {word}
        {props.problem && <span className="select-text">: {props.problem}</span>}
      </span>
    </p>
  );
}
