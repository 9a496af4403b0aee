import { Check, Copy, X } from "lucide-react";
import { useEffect, useState } from "react";
import { classNames } from "./class-names.ts";
import { copyText } from "./clipboard.ts";

/** `what` completes "Copy …" for readers of the screen; the button keeps its size in every state. */
export function CopyButton(props: { text: string; what: string; className?: string }) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (outcome === null) return;
    const timer = setTimeout(() => setOutcome(null), 1500);
    return () => clearTimeout(timer);
  }, [outcome]);
  const Icon = outcome === "copied" ? Check : outcome === "refused" ? X : Copy;
  return (
    <button
      type="button"
      aria-label={`Copy ${props.what}`}
      title={`Copy ${props.what}`}
      className={classNames(
        "inline-flex size-6 shrink-0 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-ink",
        props.className,
      )}
      onClick={async () => setOutcome((await copyText(props.text)) ? "copied" : "refused")}
    >
      <Icon aria-hidden className={classNames("size-3.5", outcome === "copied" && "text-good")} />
      <span role="status" className="sr-only">
        {outcome === "copied" ? "Copied" : outcome === "refused" ? "Could not copy" : ""}
      </span>
    </button>
  );
}
