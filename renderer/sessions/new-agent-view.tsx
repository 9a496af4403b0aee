import { PageHeader } from "../ui/page-header.tsx";
import { AgentForm } from "./agent-form.tsx";

export function NewAgentView() {
  return (
    <>
      <PageHeader title="New agent" />
      <div className="min-h-0 grow overflow-y-auto px-6 py-6">
        <div className="flex max-w-md flex-col gap-6">
          <p className="text-muted">
            An agent is an identity with its own address and keys. Its Claude Code sessions share
            its mailbox, each under its own label.
          </p>
          <AgentForm submit="Create agent" />
        </div>
      </div>
    </>
  );
}
