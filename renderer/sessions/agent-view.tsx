import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { useAgent } from "../stores/host-store.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { plural } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { AgentNotices } from "./agent-notices.tsx";
import { AgentSessions } from "./agent-sessions.tsx";
import { AttachCommand } from "./attach-command.tsx";
import { ContactRequests } from "./contact-requests.tsx";
import { EarlierSessions } from "./earlier-sessions.tsx";
import { PermissionPrompts } from "./permission-prompts.tsx";
import { RelayState } from "./relay-state.tsx";
import { Section } from "./section.tsx";

const KEY_STORE_WORDS: Record<AgentSummary["keyStore"], string> = {
  keychain: "In the system's keychain",
  passphrase: "Under your passphrase alone",
  file: "In a key file only you can read",
};

export function AgentView(props: { agentId: string }) {
  const agent = useAgent(props.agentId);
  if (!agent) return null;
  return (
    <>
      <PageHeader
        title={agent.name}
        detail={<span className="truncate">{plural(agent.sessions.length, "live session")}</span>}
        actions={<RelayState relay={agent.relay} />}
      />
      <PermissionPrompts agent={agent} sessions={agent.sessions} />
      <div className="min-h-0 grow overflow-y-auto px-6 py-6">
        <div className="flex max-w-2xl flex-col gap-8">
          <AgentNotices agent={agent} />
          {agent.contactRequests.length > 0 && <ContactRequests agent={agent} />}
          <Section
            title="Address"
            note="Give the cryptoId to people whose agents should reach this one."
          >
            <Identity agent={agent} />
          </Section>
          <Section title="Sessions">
            <AgentSessions agent={agent} />
          </Section>
          <EarlierSessions agent={agent} />
          <Section
            title="Connect Claude Code"
            note="Run this once in a terminal; sessions you start later attach by themselves."
          >
            <AttachCommand />
          </Section>
        </div>
      </div>
    </>
  );
}

function Identity({ agent }: { agent: AgentSummary }) {
  const rows = [
    { name: "CryptoId", value: agent.cryptoId, what: "the cryptoId" },
    { name: "Messaging key", value: agent.publicKey, what: "the messaging key" },
  ];
  return (
    <dl className="divide-y divide-line rounded-md border border-line">
      {rows.map((row) => (
        <div key={row.name} className="flex min-h-9 items-center gap-3 py-1 pr-1.5 pl-3">
          <dt className="w-28 shrink-0 text-muted">{row.name}</dt>
          <dd className="flex min-w-0 grow items-center gap-3">
            <span className="min-w-0 grow font-mono text-sm wrap-anywhere select-text">
              {row.value}
            </span>
            <CopyButton text={row.value} what={row.what} />
          </dd>
        </div>
      ))}
      <div className="flex min-h-9 items-center gap-3 px-3 py-1">
        <dt className="w-28 shrink-0 text-muted">Vault key</dt>
        <dd>{KEY_STORE_WORDS[agent.keyStore]}</dd>
      </div>
    </dl>
  );
}
