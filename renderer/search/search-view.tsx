import { Search, SearchX } from "lucide-react";
import { useEffect, useRef } from "react";
import { useHost } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { foundKey, looksForSomething, useSearch } from "../stores/search-store.ts";
import { Blank, LoadingRows } from "../ui/blank.tsx";
import { Button } from "../ui/button.tsx";
import { plural } from "../ui/format.ts";
import { ProblemPage } from "../ui/problem.tsx";
import { FoundDetail } from "./found-detail.tsx";
import { FoundRow } from "./found-row.tsx";
import { SearchFilters } from "./search-filters.tsx";

/** All mail of all agents and sessions by its words, and by whose it is. */
export function SearchView() {
  const input = useRef<HTMLInputElement>(null);
  const chosen = usePlace((state) => state.chosen);
  const { wanted, want, problem } = useSearch();
  // Whoever comes from a session or an agent searches there.
  useEffect(() => {
    if (chosen?.view !== "search") return;
    const { agentId, label } = chosen;
    const { query } = useSearch.getState().wanted;
    want({
      query,
      ...(agentId !== undefined && { agentId }),
      ...(label !== undefined && { label }),
    });
    input.current?.select();
  }, [chosen, want]);
  return (
    <>
      <h1 className="sr-only">Search</h1>
      <div className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-6">
        <Search aria-hidden className="size-4 shrink-0 text-muted" />
        <input
          ref={input}
          id="search-words"
          data-testid="search-words"
          type="search"
          aria-label="Search all mail"
          // biome-ignore lint/a11y/noAutofocus: the place is opened to type here.
          autoFocus
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder="Search all mail"
          value={wanted.query}
          onChange={({ target }) => want({ ...wanted, query: target.value })}
          onKeyDown={(event) => {
            if (event.key === "ArrowDown" || event.key === "Enter") focusSelected(event);
          }}
          className="h-9 min-w-0 grow bg-transparent text-lg outline-none select-text placeholder:text-muted"
        />
      </div>
      <SearchFilters />
      {problem ? (
        <ProblemPage
          title="The search failed"
          problem={problem}
          onRetry={() => want({ ...wanted })}
        />
      ) : (
        <Found />
      )}
    </>
  );
}

function focusSelected(event: { preventDefault(): void }): void {
  const row = document.querySelector<HTMLElement>("[data-found][aria-current]");
  if (!row) return;
  event.preventDefault();
  row.focus();
}

function Found() {
  const { wanted, found, asked, next, selected, more, select } = useSearch();
  const agents = useHost((state) => state.snapshot?.agents);
  const many = (agents?.length ?? 0) > 1;
  if (!looksForSomething(wanted)) {
    return (
      <Blank icon={Search} title="Search every message">
        Of every agent and session, also what is held or discarded. All words have to be in it; the
        last one may be a beginning.
      </Blank>
    );
  }
  if (!found || !asked) return <LoadingRows what="what was found" />;
  if (found.length === 0) {
    return (
      <Blank icon={SearchX} title="Nothing found">
        No message has all of these words here. Fewer words, or a wider filter, find more.
      </Blank>
    );
  }
  const one = found.find((entry) => foundKey(entry) === selected);
  return (
    <div className="grid min-h-0 grow grid-rows-[minmax(0,2fr)_minmax(0,3fr)] @3xl:grid-cols-[minmax(280px,2fr)_minmax(0,3fr)] @3xl:grid-rows-[minmax(0,1fr)]">
      <ul
        aria-label={`${plural(found.length, "message")}${next ? " or more" : ""} found`}
        onKeyDown={moveFocus}
        className="min-h-0 overflow-y-auto border-b border-line @3xl:border-r @3xl:border-b-0"
      >
        {found.map((entry) => {
          const key = foundKey(entry);
          return (
            <li key={key} className="lazy-row">
              <FoundRow
                found={entry}
                query={asked.query}
                namesAgent={many}
                selected={key === selected}
                onSelect={() => select(key)}
              />
            </li>
          );
        })}
        {next && (
          <li className="flex justify-center p-3">
            <Button onClick={() => void more()}>Show more</Button>
          </li>
        )}
      </ul>
      {one && <FoundDetail key={selected} found={one} />}
    </div>
  );
}

/** Arrows, j and k move through what was found. */
function moveFocus(event: React.KeyboardEvent<HTMLElement>): void {
  const down = event.key === "ArrowDown" || event.key === "j";
  const up = event.key === "ArrowUp" || event.key === "k";
  if ((!down && !up) || event.ctrlKey || event.metaKey) return;
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-found]")];
  const index = rows.indexOf(document.activeElement as HTMLElement);
  if (index < 0) return;
  event.preventDefault();
  if (up && index === 0) document.getElementById("search-words")?.focus();
  else rows[index + (down ? 1 : -1)]?.focus();
}
