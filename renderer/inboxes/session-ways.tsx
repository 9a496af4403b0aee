import { Check, CircleDashed, type LucideIcon, X } from "lucide-react";
import { useEffect, useState } from "react";
import type { Way, SessionWays as Ways } from "../../shared/model/session-ways.ts";
import type { SessionSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { classNames } from "../ui/class-names.ts";

const NAMES: readonly (readonly [keyof Ways, string])[] = [
  ["tool", "Tools"],
  ["hook", "Hooks"],
  ["wake", "Wake"],
  ["channel", "Channel"],
];
const LOOKS: Record<Way["state"], { icon: LucideIcon; tone: string; words: string }> = {
  works: { icon: Check, tone: "text-good", words: "works" },
  unproven: { icon: CircleDashed, tone: "text-muted", words: "not proven" },
  fails: { icon: X, tone: "text-bad", words: "fails" },
};

/** Which ways into the session work now: asked for when it is shown and whenever its state changes. */
export function SessionWays(props: { agentId: string; session: SessionSummary }) {
  const { agentId, session } = props;
  const { label, state, startedAt } = session;
  const [ways, setWays] = useState<Ways | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of these is why it asks again
  useEffect(() => {
    let isShown = true;
    call("session.ways", { agentId, label })
      .then((answer) => isShown && setWays(answer.ways))
      .catch(() => isShown && setWays(null));
    return () => {
      isShown = false;
    };
  }, [agentId, label, state, startedAt]);
  if (!ways) return null;
  return (
    <ul
      aria-label="How mail reaches this session"
      data-testid="session-ways"
      className="flex min-h-7 shrink-0 flex-wrap items-center gap-x-4 border-b border-line px-6 py-1 text-xs whitespace-nowrap"
    >
      <li aria-hidden className="text-muted">
        Reached by
      </li>
      {NAMES.map(([name, words]) => {
        const { icon: Icon, tone, words: stateWords } = LOOKS[ways[name].state];
        return (
          <li
            key={name}
            data-way={`${name} ${ways[name].state}`}
            title={ways[name].proof}
            className={classNames("flex items-center gap-1", tone)}
          >
            <Icon aria-hidden className="size-3" strokeWidth={2.25} />
            {words}
            <span className="sr-only">{stateWords}</span>
          </li>
        );
      })}
    </ul>
  );
}
