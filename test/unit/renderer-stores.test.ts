import { describe, expect, it } from "vitest";
import { keyLine, relayLine, whyOffline } from "../../renderer/sessions/host-summary.ts";
import { holdKey, nextSelected } from "../../renderer/stores/holds-store.ts";
import { countHolds, newerSnapshot } from "../../renderer/stores/host-store.ts";
import { shownPlace } from "../../renderer/stores/place.ts";
import { sessionEntries } from "../../renderer/stores/session-entries.ts";
import { whyHeld } from "../../renderer/triage/hold-words.ts";
import { agent, hold, session, snapshot } from "./renderer-fixtures.ts";

describe("the snapshot", () => {
  it("drops what is not newer than what is shown", () => {
    const current = snapshot(5);
    expect(newerSnapshot(current, snapshot(4))).toBe(current);
    expect(newerSnapshot(current, snapshot(5))).toBe(current);
    const next = snapshot(6);
    expect(newerSnapshot(current, next)).toBe(next);
    expect(newerSnapshot(null, current)).toBe(current);
  });

  it("takes a new host's snapshot although its revisions start again", () => {
    const next = snapshot(1, [], 2);
    expect(newerSnapshot(snapshot(90), next)).toBe(next);
    expect(newerSnapshot(next, snapshot(91))).toBe(next);
  });

  it("counts holds of all agents", () => {
    expect(countHolds(snapshot(1, [agent("a", { holds: 2 }), agent("b", { holds: 1 })]))).toBe(3);
  });
});

describe("the sidebar", () => {
  it("sorts labels by number and adds absent ones with mail", () => {
    const entries = sessionEntries(
      agent("a", {
        sessions: [session("claude:10"), session("claude:2", { unread: 1 })],
        absent: [
          { label: "claude:7", unread: 4 },
          { label: "claude:8", unread: 0 },
          { label: "claude:2", unread: 9 },
        ],
      }),
    );
    expect(entries.map((entry) => [entry.label, entry.unread, entry.session !== null])).toEqual([
      ["claude:2", 1, true],
      ["claude:7", 4, false],
      ["claude:10", 0, true],
    ]);
  });

  it("sums up relays and key stores", () => {
    const offline = { url: "", state: "offline", problem: "down" } as const;
    expect(relayLine([agent("a"), agent("b")])).toBe("Relay online");
    expect(relayLine([agent("a", { relay: offline }), agent("b")])).toBe(
      "Relay offline for 1 of 2 agents",
    );
    expect(relayLine([agent("a", { relay: offline })])).toBe("Relay offline");
    expect(keyLine([agent("a")])).toBe("Keys kept in the keychain");
    expect(keyLine([agent("a", { keyStore: "file" }), agent("b")])).toBe(
      "Keys of 1 of 2 agents kept in key files",
    );
    const locked = agent("c", { keyStore: "passphrase" });
    expect(keyLine([locked])).toBe("Keys under passphrases");
    expect(keyLine([agent("a"), locked])).toBe("Keys of 1 of 2 agents under passphrases");
  });
});

describe("a relay that is offline", () => {
  it("is said in words, not as the system calls it", () => {
    const why = (problem: string | null) => whyOffline({ url: "URL", state: "offline", problem });
    expect(why("connect ECONNREFUSED 127.0.0.1:9")).toBe("The relay URL does not answer.");
    expect(why(null)).toBe("The relay URL does not answer.");
    expect(why("the relay refused the connection (401): check this machine's clock")).toBe(
      "The relay URL refused the connection (401): check this machine's clock.",
    );
  });
});

describe("places", () => {
  it("opens the first session, and stays with a session that ended", () => {
    const host = snapshot(1, [agent("a"), agent("b", { sessions: [session("claude:1")] })]);
    expect(shownPlace(null, host)).toEqual({ view: "session", agentId: "b", label: "claude:1" });
    const ended = { view: "session", agentId: "a", label: "claude:9" } as const;
    expect(shownPlace(ended, host)).toBe(ended);
    expect(shownPlace({ view: "agent", agentId: "gone" }, snapshot(1, [agent("a")]))).toEqual({
      view: "agent",
      agentId: "a",
    });
  });

  it("stays with the message that it was to go to among the held", () => {
    const held = { view: "unrouted", list: "held", agentId: "a", seq: 3 } as const;
    expect(shownPlace(held, snapshot(1, [agent("a")]))).toBe(held);
  });
});

describe("held messages", () => {
  it("selects the one that takes the place of the one given away", () => {
    const all = [hold(1), hold(2), hold(3)];
    const key = (index: number) => holdKey(all[index] as (typeof all)[0]);
    expect(nextSelected(all, all, key(1))).toBe(key(1));
    expect(nextSelected(all, [hold(1), hold(3)], key(1))).toBe(key(2));
    expect(nextSelected(all, [hold(1), hold(2)], key(2))).toBe(key(1));
    expect(nextSelected(all, [], key(0))).toBeNull();
    expect(nextSelected(all, all, null)).toBe(key(0));
  });

  it("says why a message waits and what ends it", () => {
    expect(whyHeld(hold(1, { reason: "session_not_live", toSession: "claude:7" }))).toBe(
      "reviewer has no live session claude:7: it is delivered when a session takes that label.",
    );
    expect(whyHeld(hold(1))).toContain("it is delivered when one starts");
  });
});
