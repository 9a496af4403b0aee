import { Ban, Check, MailPlus, UserMinus } from "lucide-react";
import { useState } from "react";
import type { ContactView, MailRule } from "../../shared/channels/contact-calls.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Section } from "../sessions/section.tsx";
import { useToast } from "../stores/toast-store.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { MailRules } from "./mail-rules.tsx";
import { SafetyNumber } from "./safety-number.tsx";

export function ContactDetail(props: {
  agent: AgentSummary;
  contact: ContactView;
  rules: readonly MailRule[];
  onChanged: () => Promise<void>;
}) {
  const { agent, contact, onChanged } = props;
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [busy, setBusy] = useState(false);
  const target = { agentId: agent.cryptoId, peer: contact.peer };
  async function act(what: () => Promise<unknown>) {
    setBusy(true);
    setProblem(null);
    try {
      await what();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    await onChanged();
    setBusy(false);
  }
  const accept = () => call("contact.accept", { agentId: agent.cryptoId, requester: contact.peer });
  const block = async () => {
    await call("contact.block", target);
    useToast.getState().show("Blocked: nothing from it is taken any more", async () => {
      await act(() => call("contact.remove", target));
    });
  };
  const incoming = contact.standing === "incoming";
  if (contact.standing === "blocked") {
    return (
      <section aria-label="Contact" className="min-h-0 overflow-y-auto px-6 py-4">
        <div className="flex max-w-xl flex-col items-start gap-4">
          <span className="font-mono text-sm wrap-anywhere select-text">{contact.peer}</span>
          <p>Blocked: neither its mail nor its requests are taken.</p>
          <Button
            data-testid="unblock-contact"
            disabled={busy}
            onClick={() => act(() => call("contact.remove", target))}
          >
            Unblock
          </Button>
          {problem && <ProblemNote problem={problem} />}
        </div>
      </section>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys.
    <section aria-label="Contact" tabIndex={0} className="min-h-0 overflow-y-auto px-6 py-4">
      <div className="flex max-w-xl flex-col gap-6">
        <div className="flex items-start gap-1">
          <span className="min-w-0 grow font-mono text-sm wrap-anywhere select-text">
            {contact.peer}
          </span>
          <CopyButton text={contact.peer} what="the cryptoId" />
        </div>
        <div className="flex flex-wrap gap-2">
          {incoming && (
            <Button
              look="primary"
              data-testid={`accept-${contact.peer}`}
              disabled={busy}
              onClick={() => act(accept)}
            >
              <Check aria-hidden className="size-3.5" />
              Accept
            </Button>
          )}
          {contact.standing === "accepted" && (
            <WriteButton agentId={agent.cryptoId} peer={contact.peer} />
          )}
          <Button
            data-testid="remove-contact"
            disabled={busy}
            onClick={() => act(() => call("contact.remove", target))}
          >
            <UserMinus aria-hidden className="size-3.5" />
            {incoming ? "Decline" : contact.standing === "outgoing" ? "Take back" : "Remove"}
          </Button>
          <Button data-testid="block-contact" disabled={busy} onClick={() => act(block)}>
            <Ban aria-hidden className="size-3.5" />
            Block
          </Button>
        </div>
        {problem && <ProblemNote problem={problem} />}
        <Section
          title="Their mail"
          note="The most particular rule counts. Without one, a contact's mail is delivered."
        >
          <MailRules agent={agent} peer={contact.peer} rules={props.rules} onChanged={onChanged} />
        </Section>
        <Section
          title="Safety number"
          note="Compare it with theirs over another way, by voice for instance. The same number means that nobody stands between you."
        >
          <SafetyNumber
            target={target}
            verifiedAt={contact.verifiedAt}
            onVerify={(verified) => act(() => call("contact.verify", { ...target, verified }))}
          />
        </Section>
      </div>
    </section>
  );
}

/** Begins a message to this contact. */
function WriteButton(props: { agentId: string; peer: string }) {
  return (
    <Button onClick={() => void call("composer.open", { agentId: props.agentId, to: props.peer })}>
      <MailPlus aria-hidden className="size-3.5" />
      Write
    </Button>
  );
}
