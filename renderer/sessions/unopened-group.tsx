import { FileWarning, Lock } from "lucide-react";
import type { UnopenedAgent } from "../../shared/model/snapshot.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { shortId } from "../ui/format.ts";
import { UnlockForm } from "./unlock-form.tsx";

/** An agent whose vault does not open: who it is, why, and what to do about it. */
export function UnopenedGroup({ agent }: { agent: UnopenedAgent }) {
  const name = agent.name ?? "Unnamed agent";
  const locked = agent.code === "vault_locked";
  const Icon = locked ? Lock : FileWarning;
  return (
    <li data-testid={`unopened-${name}`}>
      <div className="flex h-7 items-center gap-2 px-2">
        <span className="min-w-0 grow truncate font-semibold text-muted">{name}</span>
        <span
          className={`inline-flex shrink-0 items-center gap-1 text-xs ${locked ? "text-warn" : "text-bad"}`}
        >
          <Icon aria-hidden className="size-3" strokeWidth={2.25} />
          {locked ? "Locked" : "Not open"}
        </span>
      </div>
      <div className="flex h-6 items-center px-2">
        <span title={agent.cryptoId} className="font-mono text-xs text-muted">
          {shortId(agent.cryptoId)}
        </span>
        <CopyButton text={agent.cryptoId} what={`the cryptoId of ${name}`} />
      </div>
      {locked && agent.underPassphrase ? (
        <UnlockForm agentId={agent.cryptoId} name={name} />
      ) : (
        <>
          <p className="foreign-text px-2 text-xs">{agent.reason}</p>
          <p className="foreign-text px-2 pb-1 text-xs text-muted select-text">{agent.next}</p>
        </>
      )}
    </li>
  );
}
