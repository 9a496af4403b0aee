import type { ImportedAgent, ImportReport } from "../../shared/model/import-report.ts";

/** What comes with an agent: "2 conversations, 1 message held". */
export function countWords(one: ImportedAgent): string {
  const parts = [
    [one.conversations, "conversation", "conversations"],
    [one.delivered, "message in inboxes", "messages in inboxes"],
    [one.held, "message held", "messages held"],
    [one.unsent, "message to be sent", "messages to be sent"],
  ] as const;
  const words = parts.flatMap(([n, word, many]) =>
    n === 0 ? [] : [`${n} ${n === 1 ? word : many}`],
  );
  return words.join(", ");
}

export function outcomeWords(one: ImportedAgent, dryRun: boolean): string {
  if (one.outcome === "left") return dryRun ? "Cannot be taken" : "Left";
  if (one.outcome === "known") return "Is here already";
  return dryRun ? "Will be taken" : "Taken";
}

/** Whether an import would change anything. */
export function hasWork({ agents, assignments }: ImportReport): boolean {
  return assignments > 0 || agents.some((one) => one.outcome === "taken" || countWords(one) !== "");
}
