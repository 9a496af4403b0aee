import { ShieldQuestion } from "lucide-react";
import { useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { visibleLine, visibleLines } from "../../shared/framing/visible.ts";
import type { PermissionPrompt } from "../../shared/model/permission-prompt.ts";
import type { AgentSummary, SessionSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** What live sessions ask their person to allow; nothing when none asks. */
export function PermissionPrompts(props: {
  agent: AgentSummary;
  sessions: readonly SessionSummary[];
}) {
  const { agent } = props;
  const asked = props.sessions.flatMap(({ label, prompts }) =>
    prompts.map((prompt) => ({ label, prompt })),
  );
  if (asked.length === 0) return null;
  return (
    <ul
      aria-label="Permission prompts"
      className="max-h-72 shrink-0 divide-y divide-line overflow-y-auto border-b border-line bg-raised"
    >
      {asked.map(({ label, prompt }) => (
        <Prompt
          key={`${label} ${prompt.id}`}
          agentId={agent.cryptoId}
          label={label}
          prompt={prompt}
        />
      ))}
    </ul>
  );
}

function Prompt(props: { agentId: string; label: string; prompt: PermissionPrompt }) {
  const { agentId, label, prompt } = props;
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [answering, setAnswering] = useState(false);
  async function answer(allow: boolean) {
    setAnswering(true);
    try {
      await call("permission.answer", { agentId, label, id: prompt.id, allow });
    } catch (thrown) {
      setProblem(errorView(thrown));
      setAnswering(false);
    }
  }
  const tool = visibleLine(prompt.tool);
  return (
    <li
      data-testid={`prompt-${label}`}
      className="flex flex-wrap items-start gap-x-3 gap-y-2 px-6 py-3"
    >
      <ShieldQuestion aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
      <div className="flex min-w-60 grow basis-0 flex-col gap-1">
        <p>
          <span className="font-mono text-sm">{label}</span> asks to use{" "}
          <span className="font-mono text-sm wrap-anywhere">{tool}</span>
        </p>
        {prompt.description && (
          <p className="foreign-text text-sm text-muted">{visibleLine(prompt.description)}</p>
        )}
        {prompt.preview && (
          <pre
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
            tabIndex={0}
            className="max-h-28 overflow-y-auto rounded-md border border-line bg-page p-2 font-mono text-sm whitespace-pre-wrap wrap-anywhere select-text"
          >
            {visibleLines(prompt.preview).join("\n")}
          </pre>
        )}
        {problem && <ProblemNote problem={problem} />}
      </div>
      <span className="flex gap-2">
        <Button
          data-testid={`allow-${label}`}
          disabled={answering}
          aria-label={`Allow ${tool} for ${label}`}
          onClick={() => void answer(true)}
        >
          Allow
        </Button>
        <Button
          data-testid={`deny-${label}`}
          disabled={answering}
          aria-label={`Deny ${tool} for ${label}`}
          onClick={() => void answer(false)}
        >
          Deny
        </Button>
      </span>
    </li>
  );
}
