import { useState } from "react";
import type { ResponderChange, ResponderView } from "../../shared/model/responder.ts";
import { TextInput } from "../ui/field.tsx";
import { Line } from "./line.tsx";
import { formatUsd } from "./responder-words.ts";

/** What answering may cost, how often, and with which model. */
export function ResponderLimits(props: {
  /** The agent's. */
  name: string;
  view: ResponderView;
  onSet: (part: ResponderChange) => void;
}) {
  const { name, view, onSet } = props;
  const { settings } = view;
  return (
    <>
      <Line name="Model" hint={view.program ? `Of ${view.program}` : "Claude Code was not found"}>
        <Entry
          label={`Model for automatic answers of ${name}`}
          testId={`answer-model-${name}`}
          placeholder="Its own choice"
          className="w-44"
          value={settings.model ?? ""}
          onDone={(text) => onSet({ model: text.trim() === "" ? null : text.trim() })}
        />
      </Line>
      <Line name="Cost a day, at most" hint={`${formatUsd(view.spentTodayUsd)} counted for today`}>
        <span className="text-muted">$</span>
        <Entry
          label={`What automatic answers of ${name} may cost a day, in US dollars`}
          testId={`answer-cost-${name}`}
          number={{ min: 0, step: 0.5 }}
          className="w-24 text-right"
          value={String(settings.dailyLimitUsd)}
          onDone={(text) => onSet({ dailyLimitUsd: Number(text) })}
        />
      </Line>
      <Line name="To one agent" hint="Answers per hour">
        <Entry
          label={`Answers of ${name} to one agent per hour`}
          testId={`answer-rate-${name}`}
          number={{ min: 1, step: 1 }}
          className="w-24 text-right"
          value={String(settings.peerPerHour)}
          onDone={(text) => onSet({ peerPerHour: Number(text) })}
        />
      </Line>
      <Line name="In one conversation" hint="Answers in a row, until a session of yours writes">
        <Entry
          label={`Answers of ${name} in a row in one conversation`}
          testId={`answer-row-${name}`}
          number={{ min: 1, step: 1 }}
          className="w-24 text-right"
          value={String(settings.conversation)}
          onDone={(text) => onSet({ conversation: Number(text) })}
        />
      </Line>
      <Line name="At once" hint="Over all agents of this machine; TINYPLACE_AUTORESPOND_POOL">
        {view.pool}
      </Line>
    </>
  );
}

/** Done when it is left or Enter is pressed; Escape takes back what was typed. */
function Entry(props: {
  label: string;
  testId: string;
  value: string;
  className: string;
  placeholder?: string;
  number?: { min: number; step: number };
  onDone: (text: string) => void;
}) {
  const { value, number } = props;
  const [typed, setTyped] = useState<string | null>(null);
  function done() {
    if (typed !== null && typed !== value && !(number && typed.trim() === "")) props.onDone(typed);
    setTyped(null);
  }
  return (
    <TextInput
      aria-label={props.label}
      data-testid={props.testId}
      className={props.className}
      placeholder={props.placeholder}
      {...(number && { type: "number", ...number })}
      value={typed ?? value}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={done}
      onKeyDown={({ key }) => {
        if (key === "Enter") done();
        if (key === "Escape") setTyped(null);
      }}
    />
  );
}
