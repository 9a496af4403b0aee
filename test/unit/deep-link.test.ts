import { expect, test } from "vitest";
import { placeOfLink } from "../../electron/shell/deep-link.ts";
import { linkIn } from "../../electron/shell/link-words.ts";

const AGENT = "7HDcATg4eLCyxkVAd1zYTass2psZKXQZ2bBNFPkz9FyH";

test("U4 a link leads to a place, and to nothing but a place", () => {
  expect(placeOfLink("tinyplace://unrouted")).toEqual({ view: "unrouted" });
  expect(placeOfLink("tinyplace://settings/")).toEqual({ view: "settings" });
  expect(placeOfLink(`tinyplace://agent/${AGENT}`)).toEqual({ view: "agent", agentId: AGENT });
  const session = { view: "session", agentId: AGENT, label: "claude:1" };
  expect(placeOfLink(`tinyplace://session/${AGENT}/claude:1`)).toEqual(session);
  expect(placeOfLink(`tinyplace://session/${AGENT}/claude%3A1`)).toEqual(session);
  expect(placeOfLink(`tinyplace://session/${AGENT}/claude:1/msg-1`)).toEqual({
    ...session,
    message: "msg-1",
  });
});

test("U4 anything else is no link of ours", () => {
  for (const link of [
    "https://unrouted",
    "tinyplace:unrouted",
    "TINYPLACE://unrouted",
    "tinyplace://",
    "tinyplace://send?to=x",
    "tinyplace://compose/x",
    "tinyplace://setup",
    "tinyplace://unrouted/more",
    "tinyplace://unrouted#x",
    "tinyplace://user@unrouted",
    "tinyplace://agent",
    "tinyplace://agent/short",
    `tinyplace://agent/${AGENT}/more`,
    `tinyplace://agent/${AGENT}x`,
    `tinyplace://agent/..%2f..%2fetc`,
    `tinyplace://session/${AGENT}`,
    `tinyplace://session/${AGENT}/not a label`,
    `tinyplace://session/${AGENT}/${"x".repeat(33)}`,
    `tinyplace://session/${AGENT}/claude:1/%00`,
    `tinyplace://session/${AGENT}/claude:1/m/more`,
    "tinyplace://%E0%A4%A",
    `tinyplace://unrouted${" ".repeat(500)}`,
  ]) {
    expect(placeOfLink(link), link).toBeNull();
  }
  expect(linkIn(["electron", "--hidden", "tinyplace://unrouted"])).toBe("tinyplace://unrouted");
  expect(linkIn(["electron", "--home=tinyplace://x"])).toBeNull();
});
