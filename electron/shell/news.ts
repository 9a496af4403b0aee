import type { Told } from "../../shared/channels/settings-calls.ts";
import type { Place } from "../../shared/model/place.ts";
import type { HostSnapshot } from "../../shared/model/snapshot.ts";

/** One notification: it names no message's text, since screens are shared. */
export interface News {
  readonly title: string;
  readonly body: string;
  readonly place: Place;
  /** The agent it is about. */
  readonly agentId: string;
  /** Something is wrong, rather than new. */
  readonly alarm: boolean;
}

/** What a person is told of between two snapshots (rule U4): new holds, new contact requests, alarms. */
export function news(before: HostSnapshot, after: HostSnapshot): News[] {
  return after.agents.flatMap((agent): News[] => {
    const old = before.agents.find((one) => one.cryptoId === agent.cryptoId);
    const { cryptoId: agentId, name } = agent;
    const held = agent.holds - (old?.holds ?? 0);
    const known = new Set(old?.contactRequests.map((one) => one.agentId));
    const requests = agent.contactRequests.filter((one) => !known.has(one.agentId)).length;
    const alarms = new Set(old?.handleChanges.map((one) => one.handle));
    const changed = agent.handleChanges.filter((one) => !alarms.has(one.handle));
    return [
      ...(held > 0 && !agent.paused
        ? [
            {
              title: held === 1 ? "A message is held" : `${held} messages are held`,
              body: `No session of ${name} could take ${held === 1 ? "it" : "them"}.`,
              place: { view: "unrouted" as const },
              ...{ agentId, alarm: false },
            },
          ]
        : []),
      ...(requests > 0
        ? [
            {
              title: requests === 1 ? "A contact request" : `${requests} contact requests`,
              body: `Somebody asks to write to ${name}.`,
              place: { view: "agent" as const, agentId },
              ...{ agentId, alarm: false },
            },
          ]
        : []),
      ...changed.map(({ handle }) => ({
        title: `${handle} means another agent`,
        body: `${name} sends nothing to this name until you decide.`,
        place: { view: "agent" as const, agentId },
        ...{ agentId, alarm: true },
      })),
    ];
  });
}

/** What decides whether a person is told. */
export interface Attention {
  readonly told: Readonly<Record<string, Told>>;
  /** Where the person looks at this moment; null when the window is not in front. */
  readonly looksAt: Place | null;
}

/** Nothing about an agent that was silenced, and nothing that the person is looking at. */
export function isWanted({ agentId, alarm, place }: News, { told, looksAt }: Attention): boolean {
  const wanted = told[agentId] ?? "everything";
  if (wanted === "nothing" || (wanted === "alarms" && !alarm)) return false;
  if (looksAt === null) return true;
  // Requests and alarms stand among the contacts, too.
  if (place.view === "agent" && looksAt.view === "contacts") return false;
  return JSON.stringify(looksAt) !== JSON.stringify(place);
}
