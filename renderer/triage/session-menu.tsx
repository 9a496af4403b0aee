import type { ReactNode } from "react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { SessionState } from "../sessions/session-state.tsx";
import { useAgent } from "../stores/host-store.ts";
import { liveSessions } from "../stores/session-entries.ts";
import { Menu, MenuItem, MenuNote } from "../ui/menu.tsx";

/** The live sessions of the agent that holds a message, to choose one (rule R3). */
export function SessionMenu(props: {
  hold: HoldView;
  trigger: ReactNode;
  /** Heads the list; null when nothing can be chosen here, and `why` says why. */
  heading: string | null;
  why?: string;
  testId: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onChoose: (label: string) => void;
}) {
  const agent = useAgent(props.hold.agentId);
  const sessions = agent && props.heading !== null ? liveSessions(agent) : [];
  return (
    <Menu
      align="start"
      label={props.heading ?? "Nothing to choose"}
      open={props.open}
      onOpenChange={props.onOpenChange}
      trigger={props.trigger}
    >
      <MenuNote>{noteOf(props.heading, props.why, sessions.length, props.hold.agentName)}</MenuNote>
      {sessions.map((session) => (
        <MenuItem
          key={session.label}
          testId={`${props.testId}-${session.label}`}
          onSelect={() => props.onChoose(session.label)}
        >
          <span className="max-w-40 shrink-0 truncate font-mono text-sm">{session.label}</span>
          <span className="min-w-0 grow truncate text-sm text-muted">{session.project}</span>
          <span className="flex shrink-0 items-center text-xs">
            <SessionState state={session.state} />
          </span>
        </MenuItem>
      ))}
    </Menu>
  );
}

function noteOf(heading: string | null, why: string | undefined, live: number, agentName: string) {
  if (heading === null) return why;
  return live === 0 ? `${agentName} has no live session. Start Claude Code first.` : heading;
}
