import { SendHorizontal } from "lucide-react";
import { useId } from "react";
import type { Draft } from "../../shared/model/draft.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { useComposer } from "../stores/composer-store.ts";
import { Button } from "../ui/button.tsx";
import { oneLine } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { Switcher } from "../ui/switcher.tsx";
import { ForesightBar } from "./foresight-bar.tsx";
import { FromField } from "./from-field.tsx";
import { ToField } from "./to-field.tsx";

const ROLES = [
  { value: "user", text: "As you" },
  { value: "agent", text: "As the agent" },
] as const;

export function WriteView({ host, draft }: { host: HostSnapshot; draft: Draft }) {
  const text = useId();
  const { sending, problem, change, send } = useComposer();
  const ready = draft.text.trim() !== "" && draft.to.trim() !== "" && !sending;
  return (
    <form
      className="flex h-full min-h-0 flex-col low:overflow-y-auto"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) void send();
      }}
    >
      <div className="flex shrink-0 flex-col gap-2 border-b border-line p-4 pl-2">
        <FromField host={host} />
        <ToField host={host} />
      </div>
      {draft.answers && <Answers draft={draft} />}
      <label htmlFor={text} className="sr-only">
        Message
      </label>
      <textarea
        id={text}
        data-testid="text"
        // biome-ignore lint/a11y/noAutofocus: to whom it goes is chosen already, so writing comes next.
        autoFocus={draft.to !== ""}
        dir="auto"
        maxLength={262_144}
        placeholder="Write a message…"
        className="min-h-0 grow resize-none px-4 py-3 text-base select-text placeholder:text-muted focus-visible:outline-offset-[-3px] low:min-h-24 low:shrink-0"
        value={draft.text}
        onChange={(event) => change({ text: event.target.value })}
      />
      {problem && (
        <div className="shrink-0 px-4 pb-3">
          <ProblemNote problem={problem} />
        </div>
      )}
      <ForesightBar />
      <div className="flex shrink-0 items-center gap-3 border-t border-line px-4 py-3">
        <Switcher
          label="Who speaks"
          options={ROLES}
          value={draft.role}
          onChange={(role) => change({ role })}
        />
        <span className="grow" />
        <span className="hidden text-sm text-muted min-[420px]:inline">Drafts are kept</span>
        <Button
          look="primary"
          type="submit"
          data-testid="send"
          disabled={!ready}
          title="Send (Ctrl+Enter)"
        >
          <SendHorizontal aria-hidden className="size-3.5" />
          {sending ? "Sending…" : "Send"}
        </Button>
      </div>
    </form>
  );
}

/** The message being answered, and whether the answer settles it. */
function Answers({ draft }: { draft: Draft }) {
  const change = useComposer((state) => state.change);
  const { answers } = draft;
  if (!answers) return null;
  return (
    <div className="flex shrink-0 flex-col gap-1 border-b border-line bg-sunken px-4 py-2 text-sm">
      <p className="flex min-w-0 gap-1.5">
        <span className="shrink-0 text-muted">Answers</span>
        <bdi className="min-w-0 truncate">{oneLine(answers.quote, 200)}</bdi>
      </p>
      {answers.hold !== null && (
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            data-testid="settle"
            checked={answers.settle}
            onChange={(event) => change({ answers: { ...answers, settle: event.target.checked } })}
          />
          Then take it out of Unrouted (it can be taken back for 30 days)
        </label>
      )}
    </div>
  );
}
