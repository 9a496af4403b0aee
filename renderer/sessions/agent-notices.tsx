import {
  CloudOff,
  FileWarning,
  HardDrive,
  Inbox,
  LifeBuoy,
  type LucideIcon,
  MonitorUp,
  Send,
} from "lucide-react";
import { type ReactNode, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { formatMoment, plural } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";
import { whyOffline } from "./host-summary.ts";

/** What of this agent needs a look: each line only while it is so. */
export function AgentNotices({ agent }: { agent: AgentSummary }) {
  const go = usePlace((state) => state.go);
  const offline = agent.relay.state === "offline";
  const moved = agent.lease.state === "elsewhere" || agent.lease.state === "unsupported";
  const [incident] = agent.incidents;
  const counted = agent.queued + agent.undecryptable + agent.holds;
  if (!offline && !moved && !agent.storage && !incident && counted === 0) return null;
  return (
    <ul className="divide-y divide-line rounded-md border border-line">
      {agent.storage && (
        <Notice icon={HardDrive} tone="text-bad">
          <span>{agent.storage.reason}</span>
          <span className="text-muted">{agent.storage.next}</span>
        </Notice>
      )}
      {offline && (
        <Notice icon={CloudOff} tone="text-bad">
          <span>
            The relay is offline. Mail to other agents waits here and is sent by itself later.
          </span>
          {/* What the system calls it helps whoever looks for the cause. */}
          <span className="foreign-text text-muted" title={agent.relay.problem ?? undefined}>
            {whyOffline(agent.relay)}
          </span>
        </Notice>
      )}
      {moved && <LeaseNotice agent={agent} />}
      {agent.queued > 0 && (
        <Notice icon={Send} tone="text-muted">
          {plural(agent.queued, "message")} not yet taken by the relay.
        </Notice>
      )}
      {agent.undecryptable > 0 && (
        <Notice icon={FileWarning} tone="text-warn">
          {plural(agent.undecryptable, "message")} could not be decrypted. Nothing is thrown away:
          the sender is asked to send again.
        </Notice>
      )}
      {agent.holds > 0 && (
        <Notice
          icon={Inbox}
          tone="text-warn"
          action={<Button onClick={() => go({ view: "unrouted" })}>Open Unrouted</Button>}
        >
          {plural(agent.holds, "message")} held: no session could take{" "}
          {agent.holds === 1 ? "it" : "them"} yet.
        </Notice>
      )}
      {incident && (
        <Notice icon={LifeBuoy} tone="text-warn">
          <span className="foreign-text">{incident.words}</span>
          <span className="text-muted">{formatMoment(incident.at)}</span>
        </Notice>
      )}
    </ul>
  );
}

/** Rule N5: an agent lives in one place at a time, and a person decides where. */
function LeaseNotice({ agent }: { agent: AgentSummary }) {
  const [problem, setProblem] = useState<ErrorView | null>(null);
  if (agent.lease.state !== "elsewhere") {
    return (
      <Notice icon={MonitorUp} tone="text-warn">
        This relay does not keep a mailbox to one machine. Do not use this agent on a second one.
      </Notice>
    );
  }
  const { host, since } = agent.lease;
  const move = () =>
    call("agent.move-here", { agentId: agent.cryptoId }).catch((thrown: unknown) =>
      setProblem(errorView(thrown)),
    );
  return (
    <Notice
      icon={MonitorUp}
      tone="text-warn"
      action={
        <Button data-testid="move-here" onClick={move}>
          Move here
        </Button>
      }
    >
      <span>
        Used on <span className="foreign-text">{host}</span> since {formatMoment(since)}. Its mail
        goes there, and nothing is sent from here.
      </span>
      {problem && <ProblemNote problem={problem} />}
    </Notice>
  );
}

function Notice(props: {
  icon: LucideIcon;
  tone: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  const Icon = props.icon;
  return (
    <li className="flex min-h-11 items-center gap-3 px-3 py-2">
      <Icon aria-hidden className={`size-4 shrink-0 ${props.tone}`} />
      <span className="flex min-w-0 grow flex-col">{props.children}</span>
      {props.action}
    </li>
  );
}
