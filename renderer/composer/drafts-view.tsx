import { PenLine, Trash2 } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { DraftView } from "../../shared/model/draft.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { Button } from "../ui/button.tsx";
import { formatMoment, oneLine, shortId } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { walk } from "../ui/walk.ts";
import { compose } from "./use-compose-key.ts";

/** Messages begun and not sent; a click goes on with one. */
export function DraftsView() {
  const snapshot = useHost((state) => state.snapshot);
  const [drafts, setDrafts] = useState<readonly DraftView[] | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const load = useCallback(
    () =>
      call("drafts.list", {}).then(
        (answer) => setDrafts(answer.drafts),
        (thrown: unknown) => setProblem(errorView(thrown)),
      ),
    [],
  );
  // Every snapshot may bring another draft, or take one away.
  useEffect(() => void (snapshot && load()), [load, snapshot]);
  const nameOf = (cryptoId: string) =>
    snapshot?.agents.find((agent) => agent.cryptoId === cryptoId)?.name ??
    (cryptoId.startsWith("@") ? cryptoId : shortId(cryptoId));
  return (
    <>
      <PageHeader title="Drafts" detail="Begun and not sent" />
      {problem && (
        <ProblemPage title="Drafts cannot be shown" problem={problem} onRetry={() => void load()} />
      )}
      {!problem && !drafts && <LoadingRows what="drafts" />}
      {!problem && drafts?.length === 0 && (
        <Blank icon={PenLine} title="No drafts">
          What you begin to write and do not send is kept here.
        </Blank>
      )}
      <ul onKeyDown={walk("[data-draft]")} className="min-h-0 overflow-y-auto">
        {drafts?.map(({ draft, changedAt }) => (
          <li key={draft.id} className="flex items-center gap-2 border-b border-line pr-6 lazy-row">
            <button
              type="button"
              data-draft
              data-testid={`draft-${draft.id}`}
              className="min-w-0 grow px-6 py-2 text-left hover:bg-hover"
              onClick={() => compose({ draftId: draft.id })}
            >
              <span className="block truncate font-semibold">
                {draft.to === "" ? "To nobody yet" : `To ${nameOf(draft.to)}`}
                {draft.toSession && (
                  <span className="font-mono text-sm font-normal"> / {draft.toSession}</span>
                )}
              </span>
              <bdi className="block truncate">{oneLine(draft.text)}</bdi>
              <span className="block truncate text-sm text-muted">
                From {nameOf(draft.agentId)}, {formatMoment(changedAt)}
              </span>
            </button>
            <Button
              look="quiet"
              aria-label="Throw this draft away"
              onClick={() => void call("draft.remove", { id: draft.id })}
            >
              <Trash2 aria-hidden className="size-3.5" />
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}
