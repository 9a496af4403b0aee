import { create } from "zustand";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { Draft, Foresight } from "../../shared/model/draft.ts";
import type { SentMessage } from "../../shared/model/sent.ts";
import { call } from "../bridge/bridge.ts";

interface ComposerStore {
  readonly draft: Draft | null;
  /** What will happen if it is sent now; null while that is not known. */
  readonly foresight: Foresight | null;
  /** Why nothing can be foreseen, e.g. an unknown handle. */
  readonly doubt: ErrorView | null;
  readonly sent: SentMessage | null;
  readonly sending: boolean;
  readonly problem: ErrorView | null;
  open(id: string): Promise<void>;
  change(part: Partial<Draft>): void;
  /** Resolves when what was typed is on disk. */
  saved(): Promise<void>;
  foresee(): Promise<void>;
  send(): Promise<void>;
  /** Asks again how far the sent message has come. */
  follow(): Promise<void>;
  cancel(): Promise<void>;
}

/** Counts questions, so that an answer overtaken by a later one is dropped. */
let latestQuestion = 0;

/** The one message that this window is about: written, then followed. */
export const useComposer = create<ComposerStore>((set, get) => {
  let saving: Promise<void> | null = null;
  /** Every change is saved at once, one save at a time: what came meanwhile goes with the next. */
  async function save(): Promise<void> {
    let last: Draft | null = null;
    for (let { draft, sent, sending } = get(); draft !== last; { draft, sent, sending } = get()) {
      if (!draft || sent || sending) return;
      last = draft;
      try {
        await call("draft.save", draft);
      } catch (thrown) {
        set({ problem: errorView(thrown) });
      }
    }
  }
  function startSaving(): void {
    saving ??= save().finally(() => {
      saving = null;
    });
  }

  return {
    draft: null,
    foresight: null,
    doubt: null,
    sent: null,
    sending: false,
    problem: null,
    async open(id) {
      try {
        const { draft } = await call("draft.get", { id });
        if (draft) set({ draft: draft.draft, problem: null });
        else set({ problem: gone() });
        await get().foresee();
      } catch (thrown) {
        set({ problem: errorView(thrown) });
      }
    },
    change(part) {
      const { draft } = get();
      if (!draft) return;
      set({ draft: { ...draft, ...part }, problem: null });
      startSaving();
      if (Object.keys(part).some((name) => name !== "text")) void get().foresee();
    },
    async saved() {
      await saving;
    },
    async foresee() {
      const { draft } = get();
      const mine = ++latestQuestion;
      if (!draft || draft.to.trim() === "") {
        set({ foresight: null, doubt: null });
        return;
      }
      const { agentId, fromSession, to, toSession, answers } = draft;
      const inReplyTo = answers?.id ?? null;
      try {
        const question = { agentId, fromSession, to: to.trim(), toSession, inReplyTo };
        const foresight = await call("composer.foresee", question);
        if (mine === latestQuestion) set({ foresight, doubt: null });
      } catch (thrown) {
        if (mine === latestQuestion) set({ foresight: null, doubt: errorView(thrown) });
      }
    },
    async send() {
      const { draft, sending, sent } = get();
      if (!draft || sending || sent) return;
      set({ sending: true, problem: null });
      try {
        // A save under way would bring the draft back after it was sent.
        await saving;
        const answer = await call("composer.send", { ...draft, to: draft.to.trim() });
        set({ sent: answer.sent, sending: false });
      } catch (thrown) {
        set({ problem: errorView(thrown), sending: false });
        startSaving();
      }
    },
    async follow() {
      const { draft, sent } = get();
      if (!draft || !sent) return;
      try {
        const answer = await call("message.status", { agentId: draft.agentId, id: sent.id });
        set({ sent: answer.sent });
      } catch (thrown) {
        set({ problem: errorView(thrown) });
      }
    },
    async cancel() {
      const { draft, sent } = get();
      if (!draft || !sent) return;
      try {
        const answer = await call("message.cancel", { agentId: draft.agentId, id: sent.id });
        set({ sent: answer.sent, problem: null });
      } catch (thrown) {
        set({ problem: errorView(thrown) });
      }
    },
  };
});

function gone(): ErrorView {
  return {
    error: "This draft is not there any more.",
    code: "bad_request",
    next: "It was sent or thrown away; begin a new message.",
  };
}
