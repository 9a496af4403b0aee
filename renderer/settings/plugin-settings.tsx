import { useCallback, useEffect, useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { Section } from "../sessions/section.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Line } from "./line.tsx";

type Plugin = WindowResponse<"plugin.status">;
type PluginCall = "plugin.status" | "plugin.install" | "plugin.uninstall";

/** The plugin for Claude Code: what it has, one click to install, one to undo (rule M3). */
export function PluginSettings() {
  const [plugin, setPlugin] = useState<Plugin | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState("");
  const run = useCallback(async (name: PluginCall, words: string) => {
    setBusy(true);
    setProblem(null);
    setDone("");
    try {
      setPlugin(await call(name, {}));
      setDone(words);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setBusy(false);
  }, []);
  useEffect(() => void run("plugin.status", ""), [run]);
  return (
    <Section
      title="Claude Code"
      note="The plugin tells sessions of their mail, and wakes them when they idle."
    >
      <div className="divide-y divide-line rounded-md border border-line">
        <Line name="Plugin" hint={plugin ? stateWords(plugin) : busy ? "Asking Claude Code…" : ""}>
          {plugin?.installed && (
            <Button
              data-testid="plugin-uninstall"
              disabled={busy}
              onClick={() => void run("plugin.uninstall", "The plugin is uninstalled.")}
            >
              Uninstall
            </Button>
          )}
          {!(plugin?.installed && plugin.current) && (
            <Button
              look="primary"
              data-testid="plugin-install"
              disabled={busy}
              onClick={() => void run("plugin.install", INSTALLED)}
            >
              {plugin?.installed ? "Install this one" : "Install"}
            </Button>
          )}
        </Line>
        {plugin && (
          <div className="flex items-center gap-2 py-2 pr-1.5 pl-3">
            <div className="min-w-0 grow">
              <p className="text-sm text-muted">
                {isDone(plugin) ? "In a terminal, to undo it" : "The same in a terminal"}
              </p>
              <p className="font-mono text-sm wrap-anywhere select-text">{commandOf(plugin)}</p>
            </div>
            <CopyButton text={commandOf(plugin)} what="the command" />
          </div>
        )}
      </div>
      {problem && <ProblemNote problem={problem} />}
      <p role="status" data-testid="plugin-done" className="text-sm text-muted">
        {busy && plugin ? "Claude Code is at work…" : done}
      </p>
    </Section>
  );
}

const INSTALLED = "The plugin is installed. Sessions that start from now on have it.";

function isDone(plugin: Plugin): boolean {
  return plugin.installed && plugin.current;
}

function commandOf(plugin: Plugin): string {
  return isDone(plugin) ? plugin.commands.uninstall : plugin.commands.install;
}

function stateWords({ installed, enabled, version, current }: Plugin): string {
  if (!installed) return "Not installed";
  const off = enabled ? "" : ", but disabled in Claude Code";
  const which = current ? "" : ", for another installation or data folder";
  return `Version ${version ?? "unknown"} is installed${which}${off}`;
}
