import { ChevronDown } from "lucide-react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { SessionState } from "../sessions/session-state.tsx";
import { useAgent } from "../stores/host-store.ts";
import { liveSessions } from "../stores/session-entries.ts";
import { Button } from "../ui/button.tsx";
import { Menu, MenuItem, MenuNote } from "../ui/menu.tsx";

/** The live sessions a held message can be given to (rule R3). */
export function GiveTo(props: {
  hold: HoldView;
  busy: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  onGive: (label: string) => void;
}) {
  const agent = useAgent(props.hold.agentId);
  const sessions = agent ? liveSessions(agent) : [];
  return (
    <Menu
      label={`Live sessions of ${props.hold.agentName}`}
      open={props.open}
      onOpenChange={props.onOpenChange}
      trigger={
        <Button look="primary" data-testid="give-to" disabled={props.busy} title="Give to… (a)">
          {props.busy ? "Giving…" : "Give to…"}
          <ChevronDown aria-hidden className="size-3.5" />
        </Button>
      }
    >
      {sessions.length === 0 && (
        <MenuNote>
          {props.hold.agentName} has no live session. Start Claude Code, then give it the message.
        </MenuNote>
      )}
      {sessions.map((session) => (
        <MenuItem
          key={session.label}
          testId={`give-to-${session.label}`}
          onSelect={() => props.onGive(session.label)}
        >
          <span className="shrink-0 font-mono text-sm">{session.label}</span>
          <span className="min-w-0 grow truncate text-sm text-muted">{session.project}</span>
          <span className="flex items-center text-xs">
            <SessionState state={session.state} />
          </span>
        </MenuItem>
      ))}
    </Menu>
  );
}
