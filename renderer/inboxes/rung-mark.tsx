import {
  Ban,
  BellRing,
  Check,
  CheckCheck,
  ChevronDown,
  CircleAlert,
  Clock,
  Eye,
  Hourglass,
  Inbox,
  type LucideIcon,
  Reply,
  TimerOff,
  Undo2,
} from "lucide-react";
import type { LadderStep, Rung } from "../../shared/model/ladder.ts";
import { formatMoment } from "../ui/format.ts";
import { RUNG_WORDS } from "./rung-words.ts";

const LOOKS: Record<Rung, { icon: LucideIcon; tone: string }> = {
  queued: { icon: Clock, tone: "text-muted" },
  relayed: { icon: Check, tone: "text-muted" },
  received: { icon: Check, tone: "text-muted" },
  held: { icon: Hourglass, tone: "text-warn" },
  inbox: { icon: Inbox, tone: "text-muted" },
  pushed: { icon: BellRing, tone: "text-muted" },
  read: { icon: CheckCheck, tone: "text-good" },
  seen: { icon: Eye, tone: "text-good" },
  answered: { icon: Reply, tone: "text-good" },
  failed: { icon: CircleAlert, tone: "text-bad" },
  expired: { icon: TimerOff, tone: "text-bad" },
  refused: { icon: Ban, tone: "text-bad" },
  cancelled: { icon: Undo2, tone: "text-muted" },
};

/** How far a sent message came, and why no further; opened, every step with its time. */
export function RungMark(props: {
  rung: Rung;
  ladder: readonly LadderStep[];
  problem: string | null;
}) {
  const { word, meaning } = RUNG_WORDS[props.rung];
  const { icon: Icon, tone } = LOOKS[props.rung];
  return (
    <details className="group mt-1 text-sm">
      <summary
        title={meaning}
        className={`inline-flex max-w-full cursor-default list-none items-start gap-1.5 rounded ${tone}`}
      >
        <Icon aria-hidden className="mt-0.5 size-3 shrink-0" strokeWidth={2.25} />
        <span className="min-w-0 wrap-anywhere">
          {word}
          {props.problem && <span className="select-text">: {props.problem}</span>}
        </span>
        <ChevronDown
          aria-hidden
          className="mt-0.5 size-3 shrink-0 opacity-60 group-open:rotate-180"
        />
      </summary>
      <ol className="mt-1 mb-1 ml-1.5 space-y-0.5 border-l border-line pl-3 text-xs text-muted">
        {props.ladder.map((step) => (
          <li key={step.rung} className="flex gap-2">
            <span className="w-16 shrink-0 text-ink">{RUNG_WORDS[step.rung].word}</span>
            <time dateTime={step.at} className="shrink-0 tabular-nums">
              {formatMoment(step.at)}
            </time>
          </li>
        ))}
      </ol>
    </details>
  );
}
