import { create } from "zustand";
import type { ConversationView } from "../../shared/model/mail.ts";
import { paced } from "../../shared/pacing/paced.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import { call } from "../bridge/bridge.ts";

/** A burst of mail asks for the list with this between one answer and the next question, in ms. */
const REST_MS = 500;

interface ConversationStore {
  /** Whose conversations these are, and the last one first; null until the first answer. */
  readonly shown: { readonly agentId: string; readonly label: string } | null;
  readonly conversations: readonly ConversationView[] | null;
  show(agentId: string, label: string): void;
  hide(): void;
  /** Asks again, soon. */
  refresh(): void;
}

export function conversationKey({ peer, other }: Pick<ConversationView, "peer" | "other">): string {
  return other === undefined ? peer : `${peer} ${other ?? ""}`;
}

/** With whom the session on screen writes. Without an answer its mail is shown all the same. */
export const useConversations = create<ConversationStore>((set, get) => {
  async function ask(): Promise<void> {
    const { shown } = get();
    if (!shown) return;
    const answer = await call("inbox.conversations", shown).catch(() => null);
    if (answer && get().shown === shown) set({ conversations: answer.conversations });
  }
  const soon = paced(systemTimers, { gatherMs: 0, restMs: REST_MS }, ask);
  return {
    shown: null,
    conversations: null,
    show(agentId, label) {
      set({ shown: { agentId, label }, conversations: null });
      void ask();
    },
    hide() {
      set({ shown: null, conversations: null });
    },
    refresh: soon.changed,
  };
});
