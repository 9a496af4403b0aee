import { Activity } from "lucide-react";
import { useCallback, useEffect, useState } from "react";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import type { ActivityView as Row } from "../../shared/model/activity.ts";
import { call } from "../bridge/bridge.ts";
import { useHost } from "../stores/host-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { Select, TextInput } from "../ui/field.tsx";
import { formatMoment } from "../ui/format.ts";
import { PageHeader } from "../ui/page-header.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { activityReport, activityWords, GROUPS } from "./activity-words.ts";

const SHOWN = 500;

/** What the daemon did, and why: the last of it, filtered, and as a report to hand on. */
export function ActivityView() {
  const snapshot = useHost((state) => state.snapshot);
  const [rows, setRows] = useState<readonly Row[] | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  const [agentId, setAgentId] = useState("");
  const [group, setGroup] = useState("all");
  const [words, setWords] = useState("");
  const load = useCallback(
    () =>
      call("activity.list", { limit: SHOWN, ...(agentId !== "" && { agentId }) }).then(
        (answer) => {
          setRows(answer.activity);
          setProblem(null);
        },
        (thrown: unknown) => setProblem(errorView(thrown)),
      ),
    [agentId],
  );
  // Whatever the daemon does changes the snapshot.
  useEffect(() => void (snapshot && load()), [load, snapshot]);
  const kinds = GROUPS[group]?.kinds ?? [];
  const wanted = words.trim().toLowerCase();
  const shown = rows?.filter(
    (row) =>
      (kinds.length === 0 || kinds.includes(row.kind)) &&
      (wanted === "" ||
        `${activityWords(row)} ${row.peer} ${row.message}`.toLowerCase().includes(wanted)),
  );
  return (
    <>
      <PageHeader
        title="Activity"
        detail={<span className="truncate">What the daemon did, and why</span>}
        actions={<CopyButton text={activityReport(shown ?? [])} what="these lines as a report" />}
      />
      <div className="flex min-h-11 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-6 py-1.5 text-sm">
        <TextInput
          aria-label="Filter"
          data-testid="filter"
          className="h-7 w-40"
          placeholder="Filter"
          value={words}
          onChange={({ target }) => setWords(target.value)}
        />
        <Select
          aria-label="Kind"
          data-testid="kind"
          className="h-7"
          value={group}
          onChange={({ target }) => setGroup(target.value)}
        >
          {Object.entries(GROUPS).map(([value, { text }]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </Select>
        <Select
          aria-label="Agent"
          className="h-7 min-w-0 max-w-40"
          value={agentId}
          onChange={({ target }) => setAgentId(target.value)}
        >
          <option value="">All agents</option>
          {snapshot?.agents.map((agent) => (
            <option key={agent.cryptoId} value={agent.cryptoId}>
              {agent.name}
            </option>
          ))}
        </Select>
      </div>
      {problem && (
        <ProblemPage
          title="Activity cannot be shown"
          problem={problem}
          onRetry={() => void load()}
        />
      )}
      {!problem && !shown && <LoadingRows what="activity" />}
      {!problem && shown?.length === 0 && (
        <Blank icon={Activity} title={rows?.length === 0 ? "Nothing yet" : "Nothing like that"}>
          Every delivery, hold, release and repair is noted here with its reason.
        </Blank>
      )}
      {!problem && shown && shown.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must take the arrow keys.
        <ol tabIndex={0} aria-label="Activity" className="min-h-0 grow overflow-y-auto py-2">
          {shown.map((row) => (
            <li
              key={`${row.agentId} ${row.seq}`}
              data-kind={row.kind}
              title={row.message ?? undefined}
              className="flex flex-wrap items-baseline gap-x-4 px-6 py-1 hover:bg-hover @2xl:flex-nowrap"
            >
              <time
                dateTime={row.at}
                className="w-44 shrink-0 text-sm whitespace-nowrap text-muted tabular-nums"
              >
                {formatMoment(row.at)}
              </time>
              <span className="w-24 shrink-0 truncate text-sm font-semibold">{row.agentName}</span>
              <bdi className="w-full min-w-0 wrap-anywhere @2xl:w-auto">{activityWords(row)}</bdi>
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
