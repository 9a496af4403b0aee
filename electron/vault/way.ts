import type { LadderStep } from "../../shared/model/ladder.ts";
import type { MessageRow } from "./mail-table.ts";
import { outgoing, RUNGS_HERE, type RungTimes, stepsOf } from "./outgoing-table.ts";
import type { VaultReader } from "./vault.ts";

/** The way of a message of ours, whichever it took (rule D6). */
export interface Way {
  /** Lowest rung first. */
  readonly ladder: LadderStep[];
  readonly problem: string | null;
  /** The peer's session that has it, where that is known. */
  readonly label: string | null;
}

export function wayOf(
  vault: VaultReader,
  message: Pick<MessageRow, "seq" | "at" | "direction">,
): Way {
  if (message.direction === "local") return localWay(vault, message);
  const row = outgoing(vault, message.seq);
  return {
    ladder: stepsOf(row, message.at),
    problem: row?.problem ?? null,
    label: row?.label ?? null,
  };
}

const DROPPED_HERE =
  "This agent's policy drops mail for no session in particular: name the session that is to have it";
const LOCAL_WAY = `SELECT ${Object.entries(RUNGS_HERE)
  .map(([column, here]) => `coalesce(o.${column}, (${here})) AS ${column}`)
  .join(", ")},
    NULL AS relayed_at, NULL AS received_at,
    (SELECT min(at) FROM message WHERE in_reply_to = m.id AND peer = m.peer
       AND direction <> 'out') AS answered_at,
    CASE WHEN r.at IS NOT NULL THEN 'refused' END AS ended, r.at AS ended_at,
    (SELECT label FROM delivery WHERE message = m.seq ORDER BY read_at IS NULL, id LIMIT 1) AS label
  FROM message m LEFT JOIN outgoing o ON o.message = m.seq LEFT JOIN refused r ON r.message = m.seq
  WHERE m.seq = ?`;

/**
 * Between two sessions of one agent (rule R7) nothing is reported: hold, deliveries and refusal are in
 * the same vault, and so is what was known before they were given up.
 */
function localWay(vault: VaultReader, message: Pick<MessageRow, "seq" | "at">): Way {
  const row = vault.sql(LOCAL_WAY).get<RungTimes & Pick<Way, "label">>([message.seq]) ?? null;
  return {
    ladder: stepsOf(row, message.at),
    problem: row?.ended ? DROPPED_HERE : null,
    label: row?.label ?? null,
  };
}
