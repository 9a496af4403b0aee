import { LockOpen } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { TextInput } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";

/** Takes the passphrase of one vault. It goes to the daemon and is forgotten here, right or wrong. */
export function UnlockForm(props: { agentId: string; name: string }) {
  const field = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorView | null>(null);

  async function unlock(event: FormEvent) {
    event.preventDefault();
    const input = field.current;
    if (!input || input.value === "") return;
    const passphrase = input.value;
    input.value = "";
    setBusy(true);
    setProblem(null);
    try {
      await call("agent.unlock", { agentId: props.agentId, passphrase });
    } catch (thrown) {
      setProblem(errorView(thrown));
      input.focus();
    }
    setBusy(false);
  }

  return (
    <form className="flex flex-col gap-2 px-2 py-1" onSubmit={(event) => void unlock(event)}>
      <div className="flex gap-1.5">
        <TextInput
          ref={field}
          type="password"
          aria-label={`Passphrase of ${props.name}`}
          data-testid={`passphrase-${props.name}`}
          placeholder="Passphrase"
          className="h-7 grow"
          maxLength={4096}
        />
        <Button type="submit" data-testid={`unlock-${props.name}`} disabled={busy}>
          <LockOpen aria-hidden className="size-3.5" />
          Unlock
        </Button>
      </div>
      {problem && <ProblemNote problem={problem} />}
    </form>
  );
}
