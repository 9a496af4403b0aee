import { CircleAlert, CircleCheck, Hourglass } from "lucide-react";
import { useComposer } from "../stores/composer-store.ts";
import { expectation } from "./foresight-words.ts";

const TONES = {
  good: { icon: CircleCheck, look: "text-good" },
  wait: { icon: Hourglass, look: "text-warn" },
  bad: { icon: CircleAlert, look: "text-bad" },
} as const;

/** Before sending: what will happen. It keeps its room, so that nothing moves while a person types. */
export function ForesightBar() {
  const { draft, foresight, doubt } = useComposer();
  const told = foresight && draft ? expectation(foresight, draft.toSession) : null;
  const tone = doubt ? "bad" : (told?.tone ?? "good");
  const { icon: Icon, look } = TONES[tone];
  const lines = doubt ? [doubt.error, doubt.next] : told ? [told.text, ...told.more] : [];
  return (
    <div
      role="status"
      data-testid="foresight"
      data-tone={tone}
      className="flex min-h-19 items-start gap-2.5 border-t border-line bg-sunken px-4 py-2.5"
    >
      {lines.length === 0 ? (
        <p className="text-muted">Choose to whom it goes, and what will happen stands here.</p>
      ) : (
        <>
          <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${look}`} />
          <div className="min-w-0">
            {lines.map((line, index) => (
              <p
                key={line}
                className={
                  index === 0 ? "foreign-text font-medium" : "foreign-text text-sm text-muted"
                }
              >
                {line}
              </p>
            ))}
          </div>
        </>
      )}
    </div>
  );
}
