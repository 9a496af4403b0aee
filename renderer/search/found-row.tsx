import { ArrowDownLeft, ArrowUpRight } from "lucide-react";
import type { FoundMessage } from "../../shared/model/mail.ts";
import { Party } from "../inboxes/party.tsx";
import { usePlace } from "../stores/place-store.ts";
import { classNames } from "../ui/class-names.ts";
import { formatAge, formatMoment } from "../ui/format.ts";
import { excerpt } from "./excerpt.ts";
import { isSent, placeOf, placeWords } from "./found-words.ts";

/** A message that was found: with whom, whose mail it is, and the line its words stand in. */
export function FoundRow(props: {
  found: FoundMessage;
  query: string;
  /** More than one agent's mail is searched. */
  namesAgent: boolean;
  selected: boolean;
  onSelect: () => void;
}) {
  const { found, selected } = props;
  const { message } = found;
  const go = usePlace((state) => state.go);
  const sent = isSent(found);
  const Direction = sent ? ArrowUpRight : ArrowDownLeft;
  const open = () => {
    const place = placeOf(found);
    if (place) go(place);
  };
  return (
    <button
      type="button"
      data-found
      data-testid={`found-${message.id}`}
      aria-current={selected ? "true" : undefined}
      tabIndex={selected ? 0 : -1}
      onClick={props.onSelect}
      onDoubleClick={open}
      onFocus={props.onSelect}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        open();
      }}
      className={classNames(
        "flex w-full flex-col gap-0.5 border-b border-line px-6 py-2 text-left",
        selected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span className="flex w-full items-center gap-1.5">
        <Direction aria-hidden className="size-3.5 shrink-0 text-muted" strokeWidth={2.25} />
        <span className="sr-only">{sent ? "To" : "From"}</span>
        <Party
          peer={message.peer}
          name={message.direction === "local" ? found.agentName : message.peerName}
          label={sent ? message.toSession : message.fromSession}
        />
        <span className="grow" />
        <time
          dateTime={message.at}
          title={formatMoment(message.at)}
          className="shrink-0 text-xs text-muted tabular-nums"
        >
          {formatAge(message.at, new Date())}
        </time>
      </span>
      <bdi className="w-full truncate">
        {excerpt(message.text, props.query).map((piece, index) =>
          piece.hit ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one line, which never move.
            <mark key={index} className="rounded-sm bg-warn-soft font-semibold text-warn">
              {piece.text}
            </mark>
          ) : (
            piece.text
          ),
        )}
      </bdi>
      <span className="w-full truncate text-sm text-muted">
        {placeWords(found, props.namesAgent)}
      </span>
    </button>
  );
}
