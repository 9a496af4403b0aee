import { InboxIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { HoldView } from "../../shared/model/snapshot.ts";
import { holdKey, nextSelected, useHolds } from "../stores/holds-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { plural } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemNote, ProblemPage } from "../ui/problem.tsx";
import { HoldDetail } from "./hold-detail.tsx";
import { HoldRow } from "./hold-row.tsx";
import { useTriageKeys } from "./use-triage-keys.ts";

/** Held messages of all agents: read, then give to a session. */
export function UnroutedView() {
  const { holds, problem, load } = useHolds();
  useEffect(() => void load(), [load]);
  return (
    <>
      <PageHeader
        title="Unrouted"
        detail={<span className="truncate">Messages no session could take yet</span>}
        actions={holds && holds.length > 0 && <KeyHints />}
      />
      {problem && holds && (
        <div className="border-b border-line px-6 py-3">
          <ProblemNote problem={problem} onRetry={load} />
        </div>
      )}
      {!holds && problem && (
        <ProblemPage title="Held messages cannot be shown" problem={problem} onRetry={load} />
      )}
      {!holds && !problem && <LoadingRows what="held messages" />}
      {holds?.length === 0 && (
        <Blank icon={InboxIcon} title="Nothing is held">
          Every message found its session. What cannot be placed waits here until you or a session
          takes it.
        </Blank>
      )}
      {holds && holds.length > 0 && <Triage holds={holds} />}
    </>
  );
}

function Triage({ holds }: { holds: readonly HoldView[] }) {
  const list = useRef<HTMLUListElement>(null);
  const [wanted, setWanted] = useState<string | null>(null);
  // The hold whose menu is open: another that takes its place must not inherit the open menu.
  const [menuOf, setMenuOf] = useState<string | null>(null);
  const before = useRef(holds);
  const selected = nextSelected(before.current, holds, wanted);
  useEffect(() => {
    before.current = holds;
    setWanted(selected);
    // A hold given away takes the focus with it; the next one gets it.
    if (document.activeElement === document.body) {
      list.current?.querySelector<HTMLElement>("[aria-current]")?.focus();
    }
  }, [holds, selected]);
  const menuOpen = menuOf !== null && menuOf === selected;
  useTriageKeys({ list, menuOpen, openMenu: () => setMenuOf(selected) });
  const hold = holds.find((entry) => holdKey(entry) === selected);
  return (
    <div className="grid min-h-0 grow grid-rows-[minmax(0,2fr)_minmax(0,3fr)] @3xl:grid-cols-[minmax(280px,2fr)_minmax(0,3fr)] @3xl:grid-rows-[minmax(0,1fr)]">
      <ul
        ref={list}
        aria-label={plural(holds.length, "held message")}
        className="min-h-0 overflow-y-auto border-b border-line @3xl:border-r @3xl:border-b-0"
      >
        {holds.map((entry) => {
          const key = holdKey(entry);
          return (
            <li key={key}>
              <HoldRow hold={entry} selected={key === selected} onSelect={() => setWanted(key)} />
            </li>
          );
        })}
      </ul>
      {hold && (
        <HoldDetail
          key={selected}
          hold={hold}
          menuOpen={menuOpen}
          onMenuOpenChange={(open) => setMenuOf(open ? selected : null)}
        />
      )}
    </div>
  );
}

function KeyHints() {
  return (
    <p className="flex shrink-0 items-center gap-1 text-xs text-muted">
      <Key>j</Key>
      <Key>k</Key>
      <span className="mr-2">move</span>
      <Key>a</Key>
      <span>give to</span>
    </p>
  );
}

function Key(props: { children: string }) {
  return (
    <kbd className="flex h-4 min-w-4 items-center justify-center rounded border border-line px-1 font-mono text-xs">
      {props.children}
    </kbd>
  );
}
