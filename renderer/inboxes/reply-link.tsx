import { CornerDownRight } from "lucide-react";
import type { MessageView } from "../../shared/model/snapshot.ts";
import { oneLine } from "../ui/format.ts";

/** The message this one answers; a click goes to it, loading older mail if it must. */
export function ReplyLink(props: { target: MessageView | undefined; onJump: () => void }) {
  return (
    <button
      type="button"
      onClick={props.onJump}
      className="-ml-1 flex h-5 max-w-full items-center gap-1.5 rounded px-1 text-sm text-muted hover:text-ink"
    >
      <CornerDownRight aria-hidden className="size-3 shrink-0" />
      <span className="shrink-0">In reply to</span>
      <bdi className="min-w-0 truncate">
        {props.target ? oneLine(props.target.text, 80) : "an earlier message"}
      </bdi>
    </button>
  );
}
