import { BadgeCheck } from "lucide-react";
import type { ContactView } from "../../shared/channels/contact-calls.ts";
import { classNames } from "../ui/class-names.ts";
import { shortId } from "../ui/format.ts";

const STANDING = {
  accepted: "Contact",
  incoming: "Asks to write to you",
  outgoing: "Asked; not answered yet",
  blocked: "Blocked",
} as const;

export function ContactRow(props: {
  contact: ContactView;
  selected: boolean;
  onSelect: () => void;
}) {
  const { contact, selected } = props;
  return (
    <button
      type="button"
      data-testid={`contact-${contact.peer}`}
      data-contact
      aria-current={selected ? "true" : undefined}
      tabIndex={selected ? 0 : -1}
      onClick={props.onSelect}
      onFocus={props.onSelect}
      className={classNames(
        "flex w-full flex-col border-b border-line px-4 py-2 text-left",
        selected ? "bg-selected" : "hover:bg-hover",
      )}
    >
      <span className="flex w-full items-center gap-1.5">
        <span className="min-w-0 truncate font-semibold">
          {contact.name ?? contact.handle ?? shortId(contact.peer)}
        </span>
        {contact.verifiedAt !== null && (
          <BadgeCheck role="img" aria-label="Verified" className="size-3.5 shrink-0 text-good" />
        )}
      </span>
      <span
        className={classNames(
          "w-full truncate text-sm",
          contact.standing === "incoming" ? "text-warn" : "text-muted",
        )}
      >
        {contact.name && contact.standing === "accepted"
          ? "Your own agent"
          : STANDING[contact.standing]}
      </span>
    </button>
  );
}
