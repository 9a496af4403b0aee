import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { plural } from "../ui/format.ts";

/** The footer's words for the host as a whole. */
export function hostKind(host: HostSnapshot["host"]): string {
  return host.kind === "desktop" ? "Desktop host" : "Headless host";
}

export function relayLine(agents: readonly AgentSummary[]): string {
  const offline = agents.filter((agent) => agent.relay.state === "offline").length;
  const connecting = agents.filter((agent) => agent.relay.state === "connecting").length;
  if (agents.length === 0) return "Relay not in use";
  if (offline === agents.length) return "Relay offline";
  if (offline > 0) return `Relay offline for ${offline} of ${plural(agents.length, "agent")}`;
  return connecting > 0 ? "Relay connecting" : "Relay online";
}

export function keyLine(agents: readonly AgentSummary[]): string {
  const inFile = agents.filter((agent) => agent.keyStore === "file").length;
  if (inFile === 0) return "Keys kept in the keychain";
  if (inFile === agents.length) return "Keys kept in key files";
  return `Keys of ${inFile} of ${plural(agents.length, "agent")} kept in key files`;
}
