import { KeyRound, LifeBuoy, Radio, Server } from "lucide-react";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";
import { formatMoment } from "../ui/format.ts";
import { hostKind, keyLine, relayLine } from "./host-summary.ts";

/** What runs below all this: the host process, its relay, and where the keys are. */
export function HostLine(props: { host: HostSnapshot }) {
  const { host, agents, incidents } = props.host;
  const lines = [
    {
      icon: Server,
      text: `${hostKind(host)} ${host.version}`,
      title: `Process ${host.pid}, data in ${host.home}, since ${formatMoment(host.startedAt)}`,
    },
    { icon: Radio, text: relayLine(agents), title: host.relay },
    { icon: KeyRound, text: keyLine(agents), title: keyLine(agents) },
    ...incidents.map(({ words }) => ({ icon: LifeBuoy, text: words, title: words })),
  ];
  return (
    <footer className="shrink-0 [@media(max-height:600px)]:hidden border-t border-line px-4 py-2 text-xs text-muted">
      {lines.map(({ icon: Icon, text, title }) => (
        <p key={title} title={title} className="flex h-5 items-center gap-2">
          <Icon aria-hidden className="size-3 shrink-0" />
          <span className="truncate">{text}</span>
        </p>
      ))}
    </footer>
  );
}
