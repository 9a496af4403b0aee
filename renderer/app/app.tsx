import { useEffect } from "react";
import { useComposeKey } from "../composer/use-compose-key.ts";
import { Welcome } from "../sessions/welcome.tsx";
import { startFeed } from "../stores/feed.ts";
import { useHost } from "../stores/host-store.ts";
import { usePlace } from "../stores/place-store.ts";
import { LoadingRows } from "../ui/blank.tsx";
import { ProblemPage } from "../ui/problem.tsx";
import { Workspace } from "./workspace.tsx";

export function App() {
  useEffect(startFeed, []);
  useComposeKey();
  const snapshot = useHost((state) => state.snapshot);
  const problem = useHost((state) => state.problem);
  const load = useHost((state) => state.load);
  const known = usePlace((state) => state.known);
  const importing = usePlace((state) => state.chosen?.view === "import");

  if (snapshot && known) {
    const first = snapshot.agents.length + snapshot.unopened.length === 0;
    return first && !importing ? <Welcome /> : <Workspace host={snapshot} />;
  }
  if (problem) {
    return (
      <main className="h-full">
        <ProblemPage title="tinyplace cannot be shown" problem={problem} onRetry={() => load()} />
      </main>
    );
  }
  return (
    <main className="h-full">
      <LoadingRows what="tinyplace" />
    </main>
  );
}
