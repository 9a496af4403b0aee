import type { LadderStep } from "../../shared/model/ladder.ts";
import type { MessageRow } from "./mail-table.ts";
import { outgoing, stepsOf } from "./outgoing-table.ts";
import type { VaultReader } from "./vault.ts";

/** The way of a message of ours, whichever it took (rule D6). */
export interface Way {
  /** Lowest rung first. */
  readonly ladder: LadderStep[];
  readonly problem: string | null;
  /** The peer's session that has it, where that is known. */
  readonly label: string | null;
}

type Step = "held" | "inbox" | "pushed" | "read" | "seen" | "answered";

export function wayOf(
  vault: VaultReader,
  message: Pick<MessageRow, "seq" | "id" | "peer" | "at" | "direction">,
): Way {
  if (message.direction === "local") return localWay(vault, message);
  const row = outgoing(vault, message.seq);
  return {
    ladder: stepsOf(row, message.at),
    problem: row?.problem ?? null,
    label: row?.label ?? null,
  };
}

/**
 * Between two sessions of one agent (rule R7) nothing is reported: hold and deliveries are in the same
 * vault.
 */
function localWay(
  vault: VaultReader,
  message: Pick<MessageRow, "seq" | "id" | "peer" | "at">,
): Way {
  const row = vault
    .sql(
      `SELECT (SELECT held_at FROM hold WHERE message = $seq) AS held,
         (SELECT min(delivered_at) FROM delivery WHERE message = $seq) AS inbox,
         (SELECT min(pushed_at) FROM delivery WHERE message = $seq) AS pushed,
         (SELECT min(read_at) FROM delivery WHERE message = $seq) AS read,
         (SELECT min(seen_at) FROM delivery WHERE message = $seq) AS seen,
         (SELECT label FROM delivery WHERE message = $seq ORDER BY read_at IS NULL, id LIMIT 1) AS label,
         (SELECT min(at) FROM message WHERE in_reply_to = $id AND peer = $peer
            AND direction <> 'out') AS answered`,
    )
    .get<Record<Step, number | null> & { label: string | null }>({
      seq: message.seq,
      id: message.id,
      peer: message.peer,
    });
  const times = [
    ["queued", message.at],
    ["held", row?.held ?? null],
    ["inbox", row?.inbox ?? null],
    ["pushed", row?.pushed ?? null],
    ["read", row?.read ?? null],
    ["seen", row?.seen ?? null],
    ["answered", row?.answered ?? null],
  ] as const;
  const ladder = times.flatMap(([rung, at]) =>
    at === null ? [] : [{ rung, at: new Date(at).toISOString() }],
  );
  return { ladder, problem: null, label: row?.label ?? null };
}
