import { type FormEvent, useId, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** Creates an agent and opens it; the first one begins the first steps. */
export function AgentForm(props: { submit: string; first?: boolean }) {
  const field = useId();
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorView | null>(null);

  async function create(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const agent = await call("agent.create", { name: name.trim() });
      // The event with the new agent may still be on its way; its place cannot be shown before.
      const { go, remember } = usePlace.getState();
      if (props.first) remember({ agentId: agent.cryptoId, messageId: null });
      await useHost.getState().load();
      go(props.first ? { view: "setup" } : { view: "agent", agentId: agent.cryptoId });
    } catch (thrown) {
      setProblem(errorView(thrown));
      setBusy(false);
    }
  }

  return (
    <form className="flex flex-col gap-3" onSubmit={create}>
      <label htmlFor={field} className="font-medium">
        Name
      </label>
      <div className="flex gap-2">
        <input
          id={field}
          data-testid="agent-name-input"
          // biome-ignore lint/a11y/noAutofocus: the only field of a page opened to fill it.
          autoFocus
          autoComplete="off"
          spellCheck={false}
          maxLength={64}
          placeholder="for example: backend"
          value={name}
          onChange={(event) => setName(event.target.value)}
          className="h-8 min-w-0 grow rounded-md border border-line-strong bg-raised px-3 select-text placeholder:text-muted"
        />
        <Button
          look="primary"
          type="submit"
          className="h-8"
          data-testid="create-agent"
          disabled={busy || name.trim() === ""}
        >
          {props.submit}
        </Button>
      </div>
      {problem && <ProblemNote problem={problem} />}
    </form>
  );
}
