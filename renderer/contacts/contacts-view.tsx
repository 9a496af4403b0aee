import { Users } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import type { ContactView, MailRule } from "../../shared/channels/contact-calls.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { AgentSummary } from "../../shared/model/snapshot.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { Select } from "../ui/field.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemNote, ProblemPage } from "../ui/problem.tsx";
import { walk } from "../ui/walk.ts";
import { AddContact } from "./add-contact.tsx";
import { ContactDetail } from "./contact-detail.tsx";
import { ContactRow } from "./contact-row.tsx";
import { HandleAlarms } from "./handle-alarms.tsx";

interface ContactBook {
  readonly contacts: readonly ContactView[];
  readonly rules: readonly MailRule[];
}

/** Whom an agent writes with: requests, who they really are, and what their mail may do. */
export function ContactsView() {
  const agents = useHost((state) => state.snapshot?.agents);
  const [chosen, setChosen] = useState<string | null>(null);
  const agent = agents?.find((one) => one.cryptoId === chosen) ?? agents?.[0];
  if (!agents || !agent) return null;
  return (
    <>
      <PageHeader
        title="Contacts"
        detail={
          <span className="truncate">Who may write to {agent.name}, and to whom it writes</span>
        }
        actions={
          <Select
            aria-label="Agent"
            data-testid="contacts-of"
            className="w-40"
            value={agent.cryptoId}
            onChange={(event) => setChosen(event.target.value)}
          >
            {agents.map((one) => (
              <option key={one.cryptoId} value={one.cryptoId}>
                {one.name}
              </option>
            ))}
          </Select>
        }
      />
      <Book key={agent.cryptoId} agent={agent} />
    </>
  );
}

function Book({ agent }: { agent: AgentSummary }) {
  const [book, setBook] = useState<ContactBook | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [wanted, setWanted] = useState<string | null>(null);
  const agentId = agent.cryptoId;
  const load = useCallback(
    () =>
      call("contacts.list", { agentId }).then(
        (answer) => {
          setBook(answer);
          setProblem(answer.problem);
        },
        (thrown: unknown) => setProblem(errorView(thrown)),
      ),
    [agentId],
  );
  // Requests and alarms come with the snapshot; so does the relay, which knows the rest.
  const news = JSON.stringify([agent.contactRequests, agent.handleChanges, agent.relay.state]);
  useEffect(() => void (news && load()), [load, news]);
  const contact = book?.contacts.find((one) => one.peer === wanted) ?? book?.contacts[0];
  // What was known last is shown while the relay is away; nobody is nothing to show.
  const shown = book !== null && (problem === null || contact !== undefined);
  return (
    <>
      {agent.handleChanges.length > 0 && <HandleAlarms agent={agent} />}
      {problem && shown && (
        <div className="border-b border-line px-6 py-3">
          <ProblemNote problem={problem} onRetry={() => void load()} />
        </div>
      )}
      {problem && !shown && (
        <ProblemPage
          title="Contacts cannot be shown"
          problem={problem}
          onRetry={() => void load()}
        />
      )}
      {!book && !problem && <LoadingRows what="contacts" />}
      {shown && (
        <div className="grid min-h-0 grow grid-rows-[minmax(0,2fr)_minmax(0,3fr)] @md:grid-cols-[minmax(220px,2fr)_minmax(0,3fr)] @md:grid-rows-[minmax(0,1fr)]">
          <div className="flex min-h-0 flex-col border-b border-line low:overflow-y-auto @md:border-r @md:border-b-0">
            {/* An alarm, or its end, says more than what was refused for it. */}
            <AddContact key={agent.handleChanges.length} agentId={agentId} onAdded={load} />
            <ul
              aria-label="Contacts"
              onKeyDown={walk("[data-contact]")}
              className="min-h-0 overflow-y-auto low:shrink-0 low:overflow-visible"
            >
              {book.contacts.map((one) => (
                <li key={one.peer}>
                  <ContactRow
                    contact={one}
                    selected={one === contact}
                    onSelect={() => setWanted(one.peer)}
                  />
                </li>
              ))}
            </ul>
          </div>
          {contact ? (
            <ContactDetail
              key={contact.peer}
              agent={agent}
              contact={contact}
              rules={book.rules}
              onChanged={load}
            />
          ) : (
            <Blank icon={Users} title="No contacts yet">
              Add one by its @handle or cryptoId; it has to accept before mail can go.
            </Blank>
          )}
        </div>
      )}
    </>
  );
}
