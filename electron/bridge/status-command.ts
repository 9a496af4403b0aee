import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import type { HomePaths } from "../platform/paths.ts";
import { HostClient } from "./socket-client.ts";
import type { Output } from "./terminal/output.ts";

/** `tinyplace status`: the snapshot that windows show. Starts nothing: `host_absent` when none runs. */
export async function printStatus({
  paths,
  output,
}: {
  paths: HomePaths;
  output: Output;
}): Promise<void> {
  const client = await HostClient.connect(paths, "status");
  try {
    const snapshot = await client.call("status", {});
    output.result(snapshot, () => inWords(output, snapshot));
  } finally {
    client.close();
  }
}

function inWords(output: Output, snapshot: HostSnapshot): void {
  const { host, agents, unopened, incidents } = snapshot;
  output.line(`tinyplace ${host.version}, ${host.kind}, process ${host.pid}, relay ${host.relay}`);
  for (const agent of agents) {
    printAgent(output, agent);
    const responder = snapshot.responders.find((one) => one.agentId === agent.cryptoId);
    if (responder?.standing.state === "on") {
      const { running, waiting, failed } = responder;
      output.line(
        `  answers automatically: ${running} running, ${waiting} waiting, ${failed} failed`,
      );
    }
  }
  for (const { words } of [...incidents, ...agents.flatMap((one) => one.incidents)]) {
    output.line({ text: words, tone: "yellow" });
  }
  for (const one of unopened) {
    const name = { text: one.name ?? "?", tone: "bold" } as const;
    const why = { text: `not open: ${one.reason}`, tone: "red" } as const;
    output.line(name, one.cryptoId, why, one.next);
  }
}

function printAgent(output: Output, agent: AgentSummary): void {
  const { name, handle, cryptoId, relay, holds, storage } = agent;
  output.line(
    { text: name, tone: "bold" },
    ...(handle ? [handle] : []),
    `${cryptoId}  relay ${relay.state}, ${holds} held`,
  );
  if (relay.problem) output.line({ text: `  ${relay.problem}`, tone: "yellow" });
  if (storage) output.line({ text: `  ${storage.reason} ${storage.next}`, tone: "red" });
  for (const change of agent.handleChanges) {
    const words = `  ATTENTION: ${change.handle} stood for ${change.before}, the directory now says ${change.now}.`;
    output.line({ text: words, tone: "red" });
    output.line("  Nothing is sent to it until you decide: tinyplace handle accept");
  }
  output.rows(
    agent.sessions.map((one) => ["", one.label, one.state, one.project, `${one.unread} unread`]),
  );
}
