import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { HoldReason } from "../../shared/model/snapshot.ts";
import type { triageCalls } from "../../shared/protocol/triage-calls.ts";
import { type HoldRow, holds } from "../vault/hold-table.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";
import { type NameOf, senderNote } from "./framed-message.ts";
import type { Session } from "./session-registry.ts";

/** Holds that only wait for a session. The others wait for a person's word (rule R5). */
export const CLAIMABLE: ReadonlySet<HoldReason> = new Set([
  "session_not_live",
  "no_session_live",
  "session_ended",
]);

/** `required` throws `session_required` before the connection is a session. */
export function triageHandlers(
  required: () => { agent: Agent; session: Session },
  nameOf: NameOf,
): CallHandlers<keyof typeof triageCalls> {
  return {
    "holds.list": async ({ claim }) => {
      const { agent, session } = required();
      const claimed = await claimHolds(agent, session, claim);
      const held = holds(agent.vault).map((hold) => ({
        ...heldMessage(hold),
        ...senderNote(agent, nameOf, hold.peer),
      }));
      return { holds: held, claimed };
    },
    "mail.search": async ({ query, limit }) => {
      const { agent } = required();
      const found = await agent.search.search(query, { before: Number.MAX_SAFE_INTEGER, limit });
      return {
        messages: found.map((row) => ({
          ...senderNote(agent, nameOf, row.peer),
          id: row.id,
          direction: row.direction,
          peer: row.peer,
          fromSession: row.from_session,
          toSession: row.to_session,
          text: row.text,
          timestamp: new Date(row.at).toISOString(),
        })),
      };
    },
    "session.reset": async ({ peer }) => {
      const { agent } = required();
      const id = await agent.directory.resolve(peer);
      return { reset: { peer: id, hadSession: await agent.resetSession(id) } };
    },
  };
}

async function claimHolds(
  agent: Agent,
  session: Session,
  ids: readonly string[],
): Promise<string[]> {
  const held = holds(agent.vault);
  const wanted = ids.map((id) =>
    requireClaimable(
      id,
      held.find((one) => one.id === id),
    ),
  );
  const claimed: string[] = [];
  for (const hold of wanted) {
    // Somebody else may have got it in this moment.
    if (await agent.mailroom.claim(hold.seq, session.label)) claimed.push(hold.id);
  }
  return claimed;
}

function requireClaimable(id: string, hold: HoldRow | undefined): HoldRow {
  if (!hold) {
    throw new TinyplaceError(
      "bad_request",
      `No message ${id.slice(0, 64)} is held. Nothing was claimed.`,
      "Call `unrouted` for the messages that are held now.",
    );
  }
  if (isClaimable(hold)) return hold;
  throw new TinyplaceError(
    "not_allowed",
    hold.released === 1
      ? `The person gave the message ${id} to ${hold.hold_to}: no other session may take it.`
      : `The message ${id} waits for the person's word: no session may take it.`,
    "Ask the person to give it to this session in the window.",
  );
}

/** What a person gave to one session is no other's. */
function isClaimable(hold: HoldRow): boolean {
  return CLAIMABLE.has(hold.reason) && hold.released === 0;
}

function heldMessage(hold: HoldRow) {
  const claimable = isClaimable(hold);
  return {
    id: hold.id,
    from: hold.peer,
    fromSession: hold.from_session,
    toSession: hold.hold_to,
    text: claimable ? hold.text : "",
    reason: hold.reason,
    timestamp: hold.sent_at,
    claimable,
  };
}
