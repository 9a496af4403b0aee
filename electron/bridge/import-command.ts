import { resolve } from "node:path";
import type { ImportedAgent, ImportReport, LeftFile } from "../../shared/model/import-report.ts";
import { pluginHome } from "../platform/plugin-home.ts";
import { asPerson, type Command } from "./person.ts";
import { EXIT } from "./terminal/exit-codes.ts";

/**
 * `tinyplace import`: takes the earlier plugin's data, or says what it would take. Ends with 1 when
 * something was left. Throws `bad_request`, `plugin_running`.
 */
export async function importPluginData(
  command: Command,
  options: { from?: string; dryRun?: boolean },
): Promise<void> {
  const from = options.from === undefined ? pluginHome() : resolve(options.from);
  await asPerson(command, async (person, output) => {
    const report = await person.call("import.plugin", { from, dryRun: options.dryRun ?? false });
    output.result(report, () => {
      for (const line of importWords(report)) output.line(line);
    });
    const isWhole =
      report.left.length === 0 &&
      report.agents.every((one) => one.problem === null && one.left.length === 0);
    if (!isWhole) process.exitCode = EXIT.failure;
  });
}

/** The report in lines for a terminal. */
function importWords(report: ImportReport): string[] {
  const { dryRun, agents, assignments, left, running } = report;
  return [
    dryRun ? `In ${report.from}, of which nothing was taken:` : `From ${report.from}:`,
    ...agents.flatMap((one) => agentWords(one, dryRun)),
    ...(assignments > 0
      ? [`${count(assignments, "assignment")} of sessions and folders to agents`]
      : []),
    ...left.map(leftWords),
    ...running.map(
      ({ wallet, pid }) =>
        `The plugin runs for ${wallet} (process ${pid}): end its sessions before you import.`,
    ),
    dryRun
      ? "Nothing was changed. Without --dry-run it is taken."
      : "The plugin's folder is as it was. Remove the plugin from Claude Code (claude plugin uninstall) before you go on: two programs with one agent take each other's mail.",
  ];
}

function agentWords(one: ImportedAgent, dryRun: boolean): string[] {
  const head =
    one.outcome === "left"
      ? `${one.wallet}: left. ${one.problem ?? ""}`
      : `${one.name}  ${one.cryptoId}  ${one.outcome === "known" ? "was here before" : dryRun ? "is new" : "taken"}`;
  const parts = [
    [one.conversations, "conversation"],
    [one.delivered, "message in inboxes", "messages in inboxes"],
    [one.held, "message held", "messages held"],
    [one.unsent, "message to be sent", "messages to be sent"],
  ] as const;
  const counts = parts.filter(([n]) => n > 0).map(([n, word, many]) => count(n, word, many));
  return [
    head,
    ...(counts.length > 0 ? [`  ${counts.join(", ")}`] : []),
    ...one.notes.map((note) => `  ${note}`),
    ...one.left.map((file) => `  ${leftWords(file)}`),
  ];
}

function leftWords({ path, why }: LeftFile): string {
  return `left: ${path}: ${why}`;
}

function count(n: number, word: string, many = `${word}s`): string {
  return `${n} ${n === 1 ? word : many}`;
}
