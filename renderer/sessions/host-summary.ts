import type { AgentSummary, HostSnapshot, RelaySummary } from "../../shared/model/snapshot.ts";
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

/** Why a relay is offline: what it told us itself, else in place of the system's words that it is silent. */
export function whyOffline({ url, problem }: RelaySummary): string {
  const told = problem?.startsWith("the relay ") ? problem.slice("the relay".length) : null;
  return `The relay ${url}${told ?? " does not answer"}.`;
}

/** Key files are named first: they are the weakest of the three. */
export function keyLine(agents: readonly AgentSummary[]): string {
  const keptIn = (store: AgentSummary["keyStore"]) =>
    agents.filter((agent) => agent.keyStore === store).length;
  const all = plural(agents.length, "agent");
  const inFile = keptIn("file");
  if (inFile > 0) {
    return inFile === agents.length
      ? "Keys kept in key files"
      : `Keys of ${inFile} of ${all} kept in key files`;
  }
  const underPassphrase = keptIn("passphrase");
  if (underPassphrase === 0) return "Keys kept in the keychain";
  return underPassphrase === agents.length
    ? "Keys under passphrases"
    : `Keys of ${underPassphrase} of ${all} under passphrases`;
}
