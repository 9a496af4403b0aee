import { useEffect } from "react";
import { on } from "../bridge/bridge.ts";
import { useComposer } from "../stores/composer-store.ts";
import { useHost } from "../stores/host-store.ts";
import { LoadingRows } from "../ui/blank.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { SentView } from "./sent-view.tsx";
import { useComposeKey } from "./use-compose-key.ts";
import { WriteView } from "./write-view.tsx";

/** A busy host changes many times a second; what will happen is asked this often at most, in ms. */
const ASK_EVERY_MS = 200;

/** A composer window: one message, from its first word until the other side has it. */
export function ComposerApp({ draftId }: { draftId: string }) {
  useEffect(() => startComposer(draftId), [draftId]);
  useComposeKey();
  useWindowKeys();
  const host = useHost((state) => state.snapshot);
  const { draft, sent, problem, open } = useComposer();
  useEffect(() => {
    document.title = sent ? "Sent message" : "New message";
  }, [sent]);
  return (
    <main className="h-full bg-canvas">
      {!sent && <h1 className="sr-only">New message</h1>}
      {draft && host && sent && <SentView host={host} draft={draft} sent={sent} />}
      {draft && host && !sent && <WriteView host={host} draft={draft} />}
      {!draft && problem && (
        <ProblemPage
          title="The draft cannot be shown"
          problem={problem}
          onRetry={() => void open(draftId)}
        />
      )}
      {(!draft || !host) && !problem && <LoadingRows what="the draft" />}
    </main>
  );
}

/** Feeds this window: what will happen, or how far it came, is asked again whenever it may differ. */
function startComposer(draftId: string): () => void {
  const { open, foresee, follow } = useComposer.getState();
  let asking: ReturnType<typeof setTimeout> | null = null;
  const again = () => {
    asking ??= setTimeout(() => {
      asking = null;
      void (useComposer.getState().sent ? follow() : foresee());
    }, ASK_EVERY_MS);
  };
  const ends = [
    on("host.changed", (snapshot) => {
      useHost.getState().apply(snapshot);
      again();
    }),
    on("mail.changed", again),
    on("window.missed", () => void useHost.getState().load().then(again)),
  ];
  void useHost.getState().load();
  void open(draftId);
  return () => {
    for (const end of ends) end();
    if (asking) clearTimeout(asking);
  };
}

/** Ctrl or Cmd and Enter sends; Escape closes, and the draft is kept. */
function useWindowKeys(): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        document.querySelector<HTMLFormElement>("form")?.requestSubmit();
        event.preventDefault();
      } else if (event.key === "Escape" && !event.defaultPrevented) {
        void useComposer
          .getState()
          .saved()
          .then(() => window.close());
      }
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
