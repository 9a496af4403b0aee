import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { MailRule } from "../../shared/channels/contact-calls.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { Button } from "../ui/button.tsx";
import { Select, TextInput } from "../ui/field.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { clockOf, minuteOf } from "./clock-words.ts";

const ACTIONS = [
  ["deliver", "Deliver"],
  ["hold", "Hold"],
  ["ask", "Ask me first"],
  ["refuse", "Refuse"],
] as const;
const EVENING = 22 * 60;
const MORNING = 7 * 60;

/** What a contact's mail may do, for every session and for single ones (rule R5). */
export function MailRules(props: {
  agent: AgentSummary;
  peer: string;
  rules: readonly MailRule[];
  onChanged: () => Promise<void>;
}) {
  const { agent, peer } = props;
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const own = props.rules.filter((rule) => rule.peer === peer);
  const forAll = own.find((rule) => rule.label === "") ?? plainRule(peer, "");
  const particular = own.filter((rule) => rule.label !== "");
  const free = sessionEntries(agent)
    .map((entry) => entry.label)
    .filter((label) => !particular.some((rule) => rule.label === label));
  async function change(what: () => Promise<unknown>) {
    setProblem(null);
    try {
      await what();
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
    await props.onChanged();
  }
  const set = (rule: MailRule) => change(() => call("rule.set", { agentId: agent.cryptoId, rule }));
  return (
    <div className="flex flex-col gap-2">
      <ul className="divide-y divide-line rounded-md border border-line">
        <RuleLine rule={forAll} name="Every session" onSet={set} />
        {particular.map((rule) => (
          <RuleLine
            key={rule.label}
            rule={rule}
            name={rule.label}
            onSet={set}
            onRemove={() =>
              change(() =>
                call("rule.remove", { agentId: agent.cryptoId, peer, label: rule.label }),
              )
            }
          />
        ))}
      </ul>
      {free.length > 0 && (
        <Select
          aria-label="Add a rule for one session"
          className="w-fit text-sm"
          value=""
          onChange={(event) => set(plainRule(peer, event.target.value))}
        >
          <option value="">Add a rule for one session…</option>
          {free.map((label) => (
            <option key={label}>{label}</option>
          ))}
        </Select>
      )}
      {problem && <ProblemNote problem={problem} />}
    </div>
  );
}

function RuleLine(props: {
  rule: MailRule;
  name: string;
  onSet: (rule: MailRule) => void;
  onRemove?: () => void;
}) {
  const { rule, name, onSet } = props;
  const quiet = rule.quietFrom !== null && rule.quietTo !== null;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-3 py-2">
      <span className="w-28 truncate font-medium">{name}</span>
      <Select
        aria-label={`What mail for ${name} does`}
        data-testid={`rule-${rule.label || "all"}`}
        value={rule.action}
        onChange={(event) => onSet({ ...rule, action: event.target.value as MailRule["action"] })}
      >
        {ACTIONS.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </Select>
      {rule.action === "deliver" && (
        <label className="flex items-center gap-1.5 text-sm">
          <input
            type="checkbox"
            data-testid={`quiet-${rule.label || "all"}`}
            checked={quiet}
            onChange={({ target }) =>
              onSet({
                ...rule,
                quietFrom: target.checked ? EVENING : null,
                quietTo: target.checked ? MORNING : null,
              })
            }
          />
          Quiet hours
        </label>
      )}
      {rule.action === "deliver" && quiet && (
        <span className="flex items-center gap-1.5 text-sm text-muted">
          <TextInput
            type="time"
            aria-label="Quiet from"
            value={clockOf(rule.quietFrom ?? 0)}
            onChange={({ target }) =>
              onSet({ ...rule, quietFrom: minuteOf(target.value) ?? EVENING })
            }
          />
          to
          <TextInput
            type="time"
            aria-label="Quiet to"
            value={clockOf(rule.quietTo ?? 0)}
            onChange={({ target }) =>
              onSet({ ...rule, quietTo: minuteOf(target.value) ?? MORNING })
            }
          />
        </span>
      )}
      <span className="grow" />
      {props.onRemove && (
        <Button look="quiet" aria-label={`Remove the rule for ${name}`} onClick={props.onRemove}>
          <Trash2 aria-hidden className="size-3.5" />
        </Button>
      )}
    </li>
  );
}

function plainRule(peer: string, label: string): MailRule {
  return { peer, label, action: "deliver", quietFrom: null, quietTo: null };
}
