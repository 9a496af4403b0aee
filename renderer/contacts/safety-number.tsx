import { BadgeCheck } from "lucide-react";
import { useEffect, useState } from "react";
import type { WindowResponse } from "../../shared/channels/channels.ts";
import { type ErrorView, errorView } from "../../shared/errors/errors.ts";
import { call } from "../bridge/bridge.ts";
import { Button } from "../ui/button.tsx";
import { formatMoment } from "../ui/format.ts";
import { ProblemNote } from "../ui/problem.tsx";

const QUIET_ZONE = 4;

/** The number in digits and as a code to scan, and whether a person compared it. */
export function SafetyNumber(props: {
  target: { agentId: string; peer: string };
  verifiedAt: string | null;
  onVerify: (verified: boolean) => void;
}) {
  const { agentId, peer } = props.target;
  const [number, setNumber] = useState<WindowResponse<"contact.safety"> | null>(null);
  const [problem, setProblem] = useState<ErrorView | null>(null);
  useEffect(() => {
    call("contact.safety", { agentId, peer }).then(setNumber, (thrown: unknown) =>
      setProblem(errorView(thrown)),
    );
  }, [agentId, peer]);
  if (problem) return <ProblemNote problem={problem} />;
  return (
    <div className="flex min-h-40 flex-wrap items-start gap-6">
      {number && <Code rows={number.code} />}
      <div className="flex flex-col gap-3">
        <p
          data-testid="safety-number"
          className="grid grid-cols-3 gap-x-4 gap-y-1 font-mono text-base select-text"
        >
          {number?.groups.map((group, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: groups may repeat, and never move.
            <span key={index}>{group}</span>
          ))}
        </p>
        <details className="text-muted">
          <summary className="w-fit cursor-default rounded">
            The same as words, to read aloud
          </summary>
          <p
            data-testid="safety-words"
            className="mt-1 grid max-w-sm grid-cols-4 gap-x-4 gap-y-0.5 text-ink select-text"
          >
            {number?.words.map((word, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: words may repeat, and never move.
              <span key={index}>{word}</span>
            ))}
          </p>
        </details>
        {props.verifiedAt === null ? (
          <Button data-testid="verify" className="w-fit" onClick={() => props.onVerify(true)}>
            <BadgeCheck aria-hidden className="size-3.5" />
            Mark as verified
          </Button>
        ) : (
          <div className="flex flex-col gap-1">
            <p data-testid="verified" className="flex items-center gap-1.5 text-good">
              <BadgeCheck aria-hidden className="size-4" />
              Verified {formatMoment(props.verifiedAt)}
            </p>
            <Button look="quiet" className="w-fit px-1" onClick={() => props.onVerify(false)}>
              Take the mark away
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

/** Dark on white in every theme: what scans it expects no other. */
function Code({ rows }: { rows: readonly string[] }) {
  const size = rows.length + 2 * QUIET_ZONE;
  const path = rows.flatMap((row, y) =>
    [...row].flatMap((dark, x) =>
      dark === "1" ? [`M${x + QUIET_ZONE} ${y + QUIET_ZONE}h1v1h-1z`] : [],
    ),
  );
  return (
    <svg
      role="img"
      aria-label="Safety number as a QR code"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-40 rounded-md border border-line"
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path.join("")} fill="#000000" />
    </svg>
  );
}
