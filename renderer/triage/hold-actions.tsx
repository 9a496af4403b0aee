import { ChevronDown, Reply, Signpost, Trash2 } from "lucide-react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { compose } from "../composer/use-compose-key.ts";
import { holdKey, useHolds } from "../stores/holds-store.ts";
import { Button } from "../ui/button.tsx";
import { SessionMenu } from "./session-menu.tsx";

/** Opens the composer with an answer to the held message. */
export function answer({ agentId, seq }: HoldView): void {
  compose({ answer: { agentId, seq } });
}

export type TriageMenu = "give" | "rule";

/** What can be done with a held message; every one has a key. */
export function HoldActions(props: {
  hold: HoldView;
  menu: TriageMenu | null;
  onMenu: (menu: TriageMenu | null) => void;
}) {
  const { hold, menu, onMenu } = props;
  const busy = useHolds((state) => state.busy.has(holdKey(hold)));
  const { assign, discard, redirect } = useHolds.getState();
  const { toSession } = hold;
  return (
    <fieldset aria-label="What to do with it" className="flex flex-wrap gap-2">
      <SessionMenu
        hold={hold}
        heading="Give it to this session:"
        testId="give-to"
        open={menu === "give"}
        onOpenChange={(open) => onMenu(open ? "give" : null)}
        onChoose={(label) => assign(hold, label)}
        trigger={
          <Button look="primary" data-testid="give-to" disabled={busy} title="Give to… (a)">
            Give to…
            <ChevronDown aria-hidden className="size-3.5" />
          </Button>
        }
      />
      <SessionMenu
        hold={hold}
        heading={toSession && `While ${toSession} is not live, its mail goes to:`}
        why="It is for any session, so there is no label to make a rule for. How such mail is routed is set per agent in Settings."
        testId="redirect-to"
        open={menu === "rule"}
        onOpenChange={(open) => onMenu(open ? "rule" : null)}
        onChoose={(label) => toSession && redirect({ ...hold, toSession }, label)}
        trigger={
          <Button data-testid="make-rule" disabled={busy} title="Make a rule… (m)">
            <Signpost aria-hidden className="size-3.5" />
            Rule…
          </Button>
        }
      />
      <Button data-testid="answer" title="Answer (r)" onClick={() => answer(hold)}>
        <Reply aria-hidden className="size-3.5" />
        Answer
      </Button>
      <Button
        data-testid="discard"
        disabled={busy}
        title="Discard (e or #)"
        onClick={() => discard(hold)}
      >
        <Trash2 aria-hidden className="size-3.5" />
        Discard
      </Button>
    </fieldset>
  );
}
