import { TinyplaceError } from "../../shared/errors/errors.ts";
import { type Place, scopeAt } from "../../shared/model/assignment-scope.ts";
import type { assignmentCalls } from "../../shared/protocol/name-calls.ts";
import type { Agent } from "./agent.ts";
import type { CallHandlers } from "./call-handlers.ts";
import type { Host } from "./host.ts";

/** What a session asks about assignments: wallets go by their names here. */
export function assignmentHandlers(hostOf: () => Host): CallHandlers<keyof typeof assignmentCalls> {
  return {
    "assignment.set": ({ wallet, scope, ...place }) => {
      const host = hostOf();
      const agent = host.agents.named(wallet);
      const at = scopeAt(place, scope);
      host.assignments.set(at, agent.identity.cryptoId, host.clock.now());
      return { scope: at, assigned: agent.identity.name };
    },
    "assignment.clear": ({ scope, ...place }) => {
      const host = hostOf();
      const at = scopeAt(place, scope);
      const cleared = host.assignments.clear(at);
      return { scope: at, cleared: cleared === null ? null : nameIn(host, cleared) };
    },
    "assignment.list": (place) => {
      const host = hostOf();
      const { assignments } = host;
      const found = assignments.find(place);
      return {
        thisScope: scopeAt(place, null),
        assigned: found && nameIn(host, found.agent),
        assignments: Object.fromEntries(
          assignments.list().map(([scope, agent]) => [scope, nameIn(host, agent)]),
        ),
        problem: assignments.problem,
      };
    },
  };
}

/** The agent that is assigned to a place; null for none. Throws `wallet_unknown` when it is gone. */
export function assignedAgent(host: Host, place: Place): Agent | null {
  const found = host.assignments.find(place);
  if (!found) return null;
  try {
    return host.agents.get(found.agent);
  } catch (error) {
    // A vault that does not open says itself why.
    if (!(error instanceof TinyplaceError) || error.code !== "wallet_unknown") throw error;
    throw new TinyplaceError(
      "wallet_unknown",
      `This session is assigned (${found.scope}) to ${found.agent}, which is not here any more.`,
      "Choose another wallet with `assign`, or end the assignment with `unassign`.",
      { cause: error },
    );
  }
}

/** An agent that is gone is named by its address. */
function nameIn(host: Host, agent: string): string {
  return host.agents.nameOf(agent) ?? agent;
}
