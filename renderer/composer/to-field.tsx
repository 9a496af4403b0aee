import { useId, useState } from "react";
import { LABEL_SHAPE } from "../../shared/labels/labels.ts";
import type { Draft } from "../../shared/model/draft.ts";
import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { useComposer } from "../stores/composer-store.ts";
import { sessionEntries } from "../stores/session-entries.ts";
import { Field, Select, TextInput } from "../ui/field.tsx";
import { shortId } from "../ui/format.ts";
import { useContacts } from "./use-contacts.ts";

const OTHER = "other";
const STATE_WORDS = { working: "working", idle: "idle", waiting: "waiting for you" } as const;

/** To whom: one of the person's agents, a contact, or an address typed in; and for which session. */
export function ToField({ host }: { host: HostSnapshot }) {
  const id = useId();
  const draft = useComposer((state) => state.draft);
  const change = useComposer((state) => state.change);
  const contacts = useContacts(draft?.agentId ?? null, host);
  const [typing, setTyping] = useState(false);
  if (!draft) return null;
  const own = host.agents.find((agent) => agent.cryptoId === draft.to);
  const listed = own !== undefined || contacts.includes(draft.to);
  const other = typing || (draft.to !== "" && !listed);
  return (
    <>
      <Field label="To" id={id}>
        <Select
          id={id}
          data-testid="to-agent"
          // A new message begins with whom it is for.
          autoFocus={draft.to === ""}
          className={other ? "w-40 shrink-0" : "grow"}
          value={other ? OTHER : draft.to}
          onChange={({ target }) => {
            setTyping(target.value === OTHER);
            change({ to: target.value === OTHER ? "" : target.value, toSession: null });
          }}
        >
          <option value="" disabled>
            Choose…
          </option>
          <optgroup label="Your agents">
            {host.agents.map((agent) => (
              <option key={agent.cryptoId} value={agent.cryptoId}>
                {agent.name}
              </option>
            ))}
          </optgroup>
          {contacts.length > 0 && (
            <optgroup label="Contacts">
              {contacts.map((contact) => (
                <option key={contact} value={contact}>
                  {shortId(contact)}
                </option>
              ))}
            </optgroup>
          )}
          <option value={OTHER}>Other address…</option>
        </Select>
        {other && (
          <TextInput
            aria-label="Address: @handle or cryptoId"
            data-testid="to-address"
            className="grow font-mono text-sm"
            maxLength={128}
            placeholder="@handle or cryptoId"
            value={draft.to}
            onChange={(event) => change({ to: event.target.value })}
          />
        )}
      </Field>
      <SessionField draft={draft} own={own} onChange={(toSession) => change({ toSession })} />
    </>
  );
}

function SessionField(props: {
  draft: Draft;
  own: AgentSummary | undefined;
  onChange: (label: string | null) => void;
}) {
  const id = useId();
  const { draft, own } = props;
  const entries = own ? sessionEntries(own) : [];
  const known = draft.toSession === null || entries.some((one) => one.label === draft.toSession);
  return (
    <Field label="Session" id={id}>
      {own ? (
        <Select
          id={id}
          data-testid="to-session"
          className="grow"
          value={draft.toSession ?? ""}
          onChange={(event) => props.onChange(event.target.value || null)}
        >
          <option value="">Any session</option>
          {!known && <option value={draft.toSession ?? ""}>{draft.toSession} (not live)</option>}
          {entries.map(({ label, session }) => (
            <option key={label} value={label}>
              {session
                ? `${label} · ${session.project} · ${STATE_WORDS[session.state]}`
                : `${label} (not live)`}
            </option>
          ))}
        </Select>
      ) : (
        <LabelInput id={id} value={draft.toSession} onChange={props.onChange} />
      )}
    </Field>
  );
}

/** Another person's session: known by its label alone. What is no label is not taken over. */
function LabelInput(props: {
  id: string;
  value: string | null;
  onChange: (label: string | null) => void;
}) {
  const [text, setText] = useState(props.value ?? "");
  const wrong = text !== "" && !LABEL_SHAPE.test(text);
  return (
    <>
      <TextInput
        id={props.id}
        data-testid="to-label"
        className="grow font-mono text-sm"
        maxLength={32}
        placeholder="Any session, or a label such as claude:1"
        aria-invalid={wrong}
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          if (target.value === "" || LABEL_SHAPE.test(target.value)) {
            props.onChange(target.value || null);
          }
        }}
      />
      {wrong && <span className="text-sm text-bad">No label</span>}
    </>
  );
}
