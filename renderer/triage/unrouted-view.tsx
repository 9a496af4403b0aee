import { InboxIcon } from "lucide-react";
import { useEffect, useState } from "react";
import type { Place } from "../../shared/model/place.ts";
import { holdKey, useHolds } from "../stores/holds-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemNote, ProblemPage } from "../ui/problem.tsx";
import { Switcher } from "../ui/switcher.tsx";
import { DiscardedList } from "./discarded-list.tsx";
import { KeyHints } from "./key-hints.tsx";
import { Triage } from "./triage.tsx";
import { useUndoKey } from "./use-triage-keys.ts";

const LISTS = [
  { value: "held", text: "Held" },
  { value: "discarded", text: "Discarded" },
] as const;

/** Held messages of all agents: read, then give to a session, discard, or make a rule. */
export function UnroutedView(props: Extract<Place, { view: "unrouted" }>) {
  const { agentId, seq } = props;
  const [list, setList] = useState(props.list ?? "held");
  const first = agentId !== undefined && seq !== undefined ? holdKey({ agentId, seq }) : null;
  const { holds, problem, load } = useHolds();
  useEffect(() => void load(), [load]);
  useUndoKey();
  return (
    <>
      <PageHeader
        title="Unrouted"
        detail={<span className="truncate">No session could take it yet</span>}
        actions={
          <>
            {list === "held" && holds && holds.length > 0 && <KeyHints />}
            <Switcher label="Which messages" options={LISTS} value={list} onChange={setList} />
          </>
        }
      />
      {problem && holds && (
        <div className="border-b border-line px-6 py-3">
          <ProblemNote problem={problem} onRetry={load} />
        </div>
      )}
      {list === "discarded" ? <DiscardedList first={first} /> : <Held first={first} />}
    </>
  );
}

function Held({ first }: { first: string | null }) {
  const { holds, problem, load } = useHolds();
  if (!holds && problem) {
    return <ProblemPage title="Held messages cannot be shown" problem={problem} onRetry={load} />;
  }
  if (!holds) return <LoadingRows what="held messages" />;
  if (holds.length > 0) return <Triage holds={holds} first={first} />;
  return (
    <Blank icon={InboxIcon} title="Nothing is held">
      Mail that no session can take waits here until you or a session takes it.
    </Blank>
  );
}
