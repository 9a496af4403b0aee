import type { HomePaths } from "../platform/paths.ts";
import { HostClient } from "./socket-client.ts";

/** `tinyplace status`: the snapshot that windows show. Throws `host_absent` when none runs. */
export async function printStatus(paths: HomePaths, json: boolean): Promise<void> {
  const client = await HostClient.connect(paths, "status");
  try {
    const snapshot = await client.call("status", {});
    if (json) {
      process.stdout.write(`${JSON.stringify(snapshot)}\n`);
      return;
    }
    const { host } = snapshot;
    const lines = [
      `tinyplace ${host.version}, ${host.kind}, process ${host.pid}, relay ${host.relay}`,
    ];
    for (const agent of snapshot.agents) {
      lines.push(
        `${agent.name}  ${agent.handle ? `${agent.handle}  ` : ""}${agent.cryptoId}  relay ${agent.relay.state}, ${agent.holds} held`,
      );
      for (const { handle, before, now } of agent.handleChanges) {
        lines.push(`  ATTENTION: ${handle} stood for ${before}, the directory now says ${now}.`);
        lines.push("  Nothing is sent to it until you decide: tinyplace handle accept");
      }
      for (const session of agent.sessions) {
        lines.push(`  ${session.label}  ${session.project}  ${session.unread} unread`);
      }
    }
    for (const { words } of [
      ...snapshot.incidents,
      ...snapshot.agents.flatMap((one) => one.incidents),
    ])
      lines.push(words);
    for (const one of snapshot.unopened) {
      lines.push(`${one.name ?? "?"}  ${one.cryptoId}  not open: ${one.reason} ${one.next}`);
    }
    process.stdout.write(`${lines.join("\n")}\n`);
  } finally {
    client.close();
  }
}
