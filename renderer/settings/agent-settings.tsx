import { ArrowRight, Lock, Trash2 } from "lucide-react";
import { useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import type { Told } from "../../shared/channels/settings-calls.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { Section } from "../sessions/section.tsx";
import { Button } from "../ui/button.tsx";
import { Select } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { formatBytes, Line } from "./line.tsx";
import { ResponderSettings } from "./responder-settings.tsx";

type OneAgent = WindowResponse<"settings.get">["agents"][number];

const POLICIES = [
  ["primary", "To the first live session"],
  ["broadcast", "To every live session"],
  ["drop", "Dropped; the sender is told"],
] as const;

const TOLD = [
  ["everything", "Everything"],
  ["alarms", "Only alarms"],
  ["nothing", "Nothing"],
] as const;

const KEY_WORDS: Record<AgentSummary["keyStore"], string> = {
  keychain: "in the system's keychain",
  passphrase: "under your passphrase alone",
  file: "in a file only you can read",
};

export function AgentSettings(props: {
  agent: AgentSummary;
  settings: OneAgent;
  /** What the person is told of this agent. */
  told: Told;
  onTold: (told: Told) => void;
  onChanged: () => Promise<void>;
}) {
  const { agent, settings } = props;
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const agentId = agent.cryptoId;
  async function change(what: Promise<unknown>) {
    setProblem(null);
    await what.catch((thrown: unknown) => setProblem(errorView(thrown)));
    await props.onChanged();
  }
  return (
    <Section title={agent.name}>
      <div className="divide-y divide-line rounded-md border border-line">
        <Line
          name="Mail for any session"
          {...(settings.policyForced && { hint: "Set by TINYPLACE_UNROUTED_POLICY" })}
        >
          <Select
            aria-label={`Mail for any session of ${agent.name}`}
            data-testid={`policy-${agent.name}`}
            disabled={settings.policyForced}
            value={settings.policy}
            onChange={({ target }) =>
              change(call("agent.policy", { agentId, policy: target.value as OneAgent["policy"] }))
            }
          >
            {POLICIES.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Line>
        <Line name="Pause delivery" hint="Mail from outside is received and held">
          <input
            type="checkbox"
            aria-label={`Pause delivery for ${agent.name}`}
            data-testid={`pause-${agent.name}`}
            checked={agent.paused}
            onChange={({ target }) =>
              change(call("agent.pause", { agentId, paused: target.checked }))
            }
          />
        </Line>
        <Line name="Notifications" hint="What you are told of this agent">
          <Select
            aria-label={`Notifications of ${agent.name}`}
            data-testid={`told-${agent.name}`}
            value={props.told}
            onChange={({ target }) => props.onTold(target.value as Told)}
          >
            {TOLD.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </Select>
        </Line>
        {settings.redirects.map(({ from, to }) => (
          <Line key={from} name="Rule" hint="While the first is not live">
            <span className="font-mono text-sm">{from}</span>
            <ArrowRight role="img" aria-label="goes to" className="size-3.5 text-muted" />
            <span className="font-mono text-sm">{to}</span>
            <Button
              look="quiet"
              aria-label={`Remove the rule for ${from}`}
              onClick={() => change(call("redirect.remove", { agentId, from }))}
            >
              <Trash2 aria-hidden className="size-3.5" />
            </Button>
          </Line>
        ))}
        <Line name="Vault" hint={`Encrypted; its key is ${KEY_WORDS[agent.keyStore]}`}>
          {formatBytes(settings.vaultBytes)}
          {agent.keyStore === "passphrase" && (
            <Button
              data-testid={`lock-${agent.name}`}
              onClick={() => change(call("agent.lock", { agentId }))}
            >
              <Lock aria-hidden className="size-3.5" />
              Lock
            </Button>
          )}
        </Line>
      </div>
      {problem && <ProblemNote problem={problem} />}
      <ResponderSettings agent={agent} />
    </Section>
  );
}
