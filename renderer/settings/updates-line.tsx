import { useEffect, useState } from "react";
import { type ErrorView, errorView, unreachable } from "../../shared/errors/errors.ts";
import type { NoUpdates, Updates } from "../../shared/model/updates.ts";
import { call, on } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { ProblemNote } from "../ui/problem.tsx";
import { Line } from "./line.tsx";

const WHY_NOT: Record<NoUpdates, string> = {
  not_packaged: "This runs from its sources: newer versions come by git",
  package_manager: "The system's package manager brings them; of an AppImage, take a new one",
  no_address: "This package names no address to get them from",
  not_signed: "This package is not signed, so nothing could check them",
};

/** Whether newer versions are looked for, and what was found. */
export function UpdatesLine() {
  const [updates, setUpdates] = useState<Updates | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  useEffect(() => {
    const stop = on("updates.changed", setUpdates);
    call("updates.get", {}).then(setUpdates, (thrown) => setProblem(errorView(thrown)));
    return stop;
  }, []);
  async function done(work: Promise<unknown>) {
    try {
      await work;
      setProblem(null);
    } catch (thrown) {
      setProblem(errorView(thrown));
    }
  }
  if (!updates) return problem && <ProblemNote problem={problem} />;
  return (
    <>
      <Line name="Updates" hint={words(updates)}>
        {updates.state === "ready" && (
          <Button
            data-testid="install-update"
            onClick={() => void done(call("updates.install", {}))}
          >
            Restart into {updates.version}
          </Button>
        )}
        <input
          type="checkbox"
          aria-label="Updates"
          data-testid="updates"
          disabled={updates.state === "unavailable"}
          checked={updates.state !== "unavailable" && updates.state !== "off"}
          onChange={({ target }) =>
            void done(call("updates.set", { on: target.checked }).then(setUpdates))
          }
        />
      </Line>
      {problem && <ProblemNote problem={problem} />}
    </>
  );
}

function words(updates: Updates): string {
  switch (updates.state) {
    case "unavailable":
      return WHY_NOT[updates.why];
    case "off":
      return "Nobody is asked for newer versions";
    case "checking":
      return "Looking for a newer version";
    case "current":
      return "This is the newest version";
    case "downloading":
      return `Downloading ${updates.version}, ${updates.percent}%`;
    case "ready":
      return `${updates.version} is ready, its signature checked`;
    case "failed":
      return `Not found out, and tried again later: ${updates.why}`;
    default:
      return unreachable(updates);
  }
}
