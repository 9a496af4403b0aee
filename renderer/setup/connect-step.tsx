import { Plug } from "lucide-react";
import { useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { AttachCommand } from "../sessions/attach-command.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import type { Attached } from "./setup-view.tsx";

/** Runs the command, or shows it; what proves that it worked is a session that is there. */
export function ConnectStep(props: { agent: AgentSummary; attached: Attached | null }) {
  const { agent, attached } = props;
  const [busy, setBusy] = useState(false);
  const [comesAs, setComesAs] = useState<string | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  async function connect() {
    setBusy(true);
    setProblem(null);
    try {
      setComesAs((await call("claude.connect", { agentId: agent.cryptoId })).comesAs);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setBusy(false);
  }
  if (attached) {
    return (
      <p role="status" data-testid="connected">
        <span className="font-medium text-good">It works:</span> the session{" "}
        <span className="font-mono text-sm text-ink">{attached.session.label}</span> in{" "}
        <bdi className="text-ink">{attached.session.project}</bdi> is attached as{" "}
        {attached.agent.name}.
      </p>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <p>
        tinyplace tells Claude Code about itself, once. Sessions that you start afterwards attach as{" "}
        {comesAs ?? agent.name} by themselves.
      </p>
      <Button
        look={comesAs === null ? "primary" : "plain"}
        data-testid="connect-claude"
        className="self-start"
        disabled={busy}
        onClick={() => void connect()}
      >
        <Plug aria-hidden className="size-3.5" />
        {busy ? "Connecting" : comesAs === null ? "Connect Claude Code" : "Connect again"}
      </Button>
      {problem && <ProblemNote problem={problem} />}
      <details open={problem !== null}>
        <summary className="w-fit cursor-default rounded text-sm">Or run it yourself</summary>
        <div className="mt-2">
          <AttachCommand />
        </div>
      </details>
      {comesAs !== null && (
        <div
          role="status"
          data-testid="waits-for-session"
          className="flex flex-col gap-2 rounded-md border border-line px-3 py-2"
        >
          <p>
            <span className="font-medium text-ink">Now start Claude Code</span> in any project, in a
            new terminal. This step is done when its session is here.
          </p>
          <p className="flex items-center gap-1">
            <code className="rounded bg-sunken px-2 py-0.5 font-mono text-sm text-ink select-text">
              claude
            </code>
            <CopyButton text="claude" what="the command" />
          </p>
        </div>
      )}
    </div>
  );
}
