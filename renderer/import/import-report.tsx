import type { ImportedAgent, ImportReport, LeftFile } from "../../shared/model/import-report.ts";
import { Section } from "../sessions/section.tsx";
import { shortId } from "../ui/format.ts";
import { countWords, outcomeWords } from "./import-words.ts";

/** What an import found, or what it took. */
export function ImportReportView({ report }: { report: ImportReport }) {
  const { agents, assignments, left, dryRun } = report;
  return (
    <>
      <Section title={dryRun ? "Found" : "Result"}>
        <ul
          aria-label="Agents of the plugin"
          className="divide-y divide-line rounded-md border border-line"
        >
          {agents.map((one, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: wallets may share a name, and never move.
            <AgentRow key={index} one={one} dryRun={dryRun} />
          ))}
          {assignments > 0 && (
            <li className="px-3 py-2">
              {assignments} {assignments === 1 ? "assignment" : "assignments"} of sessions and
              folders to agents
            </li>
          )}
        </ul>
      </Section>
      {left.length > 0 && (
        <Section title="Left">
          <LeftList files={left} />
        </Section>
      )}
    </>
  );
}

function AgentRow({ one, dryRun }: { one: ImportedAgent; dryRun: boolean }) {
  const counts = countWords(one);
  return (
    <li className="flex flex-col gap-1 px-3 py-2" data-testid={`import-${one.wallet}`}>
      <div className="flex items-baseline gap-3">
        <p className="foreign-text min-w-0 grow font-medium">{one.name ?? one.wallet}</p>
        {one.cryptoId && (
          <span className="font-mono text-sm text-muted">{shortId(one.cryptoId)}</span>
        )}
        <span className={one.outcome === "left" ? "text-bad" : "text-muted"}>
          {outcomeWords(one, dryRun)}
        </span>
      </div>
      {counts !== "" && <p>{counts}</p>}
      {one.problem && <p className="foreign-text text-muted">{one.problem}</p>}
      {one.notes.map((note) => (
        <p key={note} className="foreign-text text-muted">
          {note}
        </p>
      ))}
      {one.left.length > 0 && <LeftList files={one.left} />}
    </li>
  );
}

function LeftList({ files }: { files: readonly LeftFile[] }) {
  return (
    <ul className="flex flex-col gap-1 text-sm text-muted">
      {files.map(({ path, why }) => (
        <li key={`${path} ${why}`} className="wrap-anywhere">
          <span className="font-mono select-text">{path}</span>: {why}
        </li>
      ))}
    </ul>
  );
}
