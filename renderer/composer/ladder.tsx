import type { SentMessage } from "../../shared/model/sent.ts";
import { RUNG_WORDS } from "../inboxes/rung-words.ts";
import { formatMoment } from "../ui/format.ts";

/** How far a message of ours came, every step with its time; it is announced as it climbs. */
export function Ladder({ sent }: { sent: SentMessage }) {
  return (
    <ol
      aria-label="How far it came"
      aria-live="polite"
      data-testid="ladder"
      className="flex flex-col gap-2 border-l-2 border-line pl-4"
    >
      {sent.ladder.map((step) => {
        const { word, meaning } = RUNG_WORDS[step.rung];
        return (
          <li key={step.rung} data-rung={step.rung}>
            <p className="flex items-baseline gap-2">
              <span className="font-semibold">{word}</span>
              <time dateTime={step.at} className="text-sm text-muted tabular-nums">
                {formatMoment(step.at)}
              </time>
            </p>
            <p className="text-sm text-muted">{meaning}</p>
          </li>
        );
      })}
    </ol>
  );
}
