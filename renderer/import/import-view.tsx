import { type FormEvent, useEffect, useId, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { ImportReport } from "../../shared/model/import-report.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { Button } from "../ui/button.tsx";
import { TextInput } from "../ui/field.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { ImportReportView } from "./import-report.tsx";
import { hasWork } from "./import-words.ts";

/** Takes over the earlier plugin's data: shows what there is, takes it, and says what it took. */
export function ImportView() {
  const field = useId();
  const [folder, setFolder] = useState("");
  const [report, setReport] = useState<ImportReport | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [busy, setBusy] = useState(false);

  async function run(from: string, dryRun: boolean) {
    setBusy(true);
    setProblem(null);
    try {
      setReport(await call("import.plugin", { from, dryRun }));
      if (!dryRun) await useHost.getState().load();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setBusy(false);
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: looked for once, when the view opens.
  useEffect(() => {
    void call("import.folder", {}).then(
      async (found) => {
        setFolder(found.folder);
        if (found.exists) await run(found.folder, true);
      },
      (thrown) => setProblem(errorView(thrown)),
    );
  }, []);

  function look(event: FormEvent) {
    event.preventDefault();
    setReport(null);
    void run(folder.trim(), true);
  }

  return (
    <>
      <PageHeader title="Import from the earlier plugin" />
      <section aria-label="Import" className="min-h-0 grow overflow-y-auto px-6 py-6">
        <div className="flex max-w-2xl flex-col gap-6">
          <p className="text-muted">
            The earlier Claude Code plugin kept its agents in a folder of its own. They come here
            with their addresses, their running conversations and the mail that waited. Nothing in
            that folder is changed.
          </p>
          <form className="flex flex-col gap-2" onSubmit={look}>
            <label htmlFor={field} className="font-medium">
              The plugin's folder
            </label>
            <div className="flex gap-2">
              <TextInput
                id={field}
                data-testid="import-folder"
                className="grow font-mono text-sm"
                value={folder}
                onChange={({ target }) => setFolder(target.value)}
              />
              <Button type="submit" className="h-8" disabled={busy || folder.trim() === ""}>
                Look
              </Button>
            </div>
          </form>
          {problem && <ProblemNote problem={problem} />}
          {report?.running.map(({ wallet, pid }) => (
            <p key={`${wallet} ${pid}`} role="alert" className="foreign-text">
              The plugin is at work for {wallet} (process {pid}). End the Claude Code sessions that
              use it, then look again.
            </p>
          ))}
          {report && <ImportReportView report={report} />}
          {report?.dryRun && (
            <div className="flex items-center gap-3">
              <Button
                look="primary"
                className="h-8"
                data-testid="import-take"
                disabled={busy || report.running.length > 0 || !hasWork(report)}
                onClick={() => void run(report.from, false)}
              >
                Take it over
              </Button>
              {!hasWork(report) && <p className="text-muted">There is nothing left to take.</p>}
            </div>
          )}
          {report && !report.dryRun && (
            <p role="status">
              Remove the plugin from Claude Code now: two programs with one agent take each other's
              mail.
            </p>
          )}
        </div>
      </section>
    </>
  );
}
