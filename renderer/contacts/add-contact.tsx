import { UserPlus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { useToast } from "../stores/toast-store.ts";
import { Button } from "../ui/button.tsx";
import { TextInput } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";

export function AddContact(props: { agentId: string; onAdded: () => Promise<void> }) {
  const [to, setTo] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  async function add(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const { status } = await call("contact.add", { agentId: props.agentId, to: to.trim() });
      setTo("");
      const text = status === "accepted" ? "You are contacts now" : "Asked; it waits for a yes";
      useToast.getState().show(text);
      await props.onAdded();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    setBusy(false);
  }
  return (
    <form className="flex flex-col gap-2 border-b border-line p-3" onSubmit={add}>
      <div className="flex gap-2">
        <TextInput
          aria-label="Add a contact: @handle or id"
          data-testid="add-contact"
          className="grow text-sm"
          maxLength={128}
          placeholder="@handle or id"
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
        <Button type="submit" className="h-8" disabled={busy || to.trim() === ""}>
          <UserPlus aria-hidden className="size-3.5" />
          Add
        </Button>
      </div>
      {problem && <ProblemNote problem={problem} />}
    </form>
  );
}
