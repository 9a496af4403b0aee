import fc from "fast-check";
import { expect, test } from "vitest";
import type { Person } from "../../electron/bridge/person.ts";
import { conclude } from "../../electron/bridge/send-command.ts";
import { jsonLine, Output } from "../../electron/bridge/terminal/output.ts";
import { shortened, tableLines } from "../../electron/bridge/terminal/table.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { SentMessage } from "../../shared/model/sent.ts";

const plain = (_tone: string, text: string) => text;

/** A terminal, or what a pipe is. */
function stream(isTTY: boolean, columns = 40) {
  const written: string[] = [];
  return {
    isTTY,
    columns,
    write: (text: string) => written.push(text),
    text: () => written.join(""),
  };
}

test("columns stand below each other, wide characters and all", () => {
  expect(
    tableLines(
      [
        ["漢字", "x"],
        ["e\u0301e", "y"],
        ["👩‍🚀", "z"],
      ],
      plain,
    ),
  ).toEqual(["漢字  x", "e\u0301e    y", "👩‍🚀    z"]);
});

test("a text is shortened to the columns there are, never inside a character", () => {
  expect(shortened("one\n two", 20)).toBe("one two");
  expect(shortened("漢字漢字", 5)).toBe("漢字…");
  expect(shortened("👩‍🚀👩‍🚀👩‍🚀", 5)).toBe("👩‍🚀👩‍🚀…");
});

test("colours are for terminals, and for people who did not refuse them", () => {
  const coloured = (isTTY: boolean, env: NodeJS.ProcessEnv) => {
    const out = stream(isTTY);
    new Output(false, out, out, env).line({ text: "x", tone: "red" });
    return out.text();
  };
  expect(coloured(true, { TERM: "xterm" })).toBe("\u001b[31mx\u001b[39m\n");
  for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) expect(coloured(true, env)).toBe("x\n");
  expect(coloured(false, {})).toBe("x\n");
});

test("Z4 whatever others wrote, nothing of it acts on a terminal", () => {
  const acting = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom("\u001b", "[", "2", "J", "\u009b", "\r", "\n", "\u202e", "a"),
    }),
  );
  fc.assert(
    fc.property(text, (hostile) => {
      const out = stream(true);
      const output = new Output(false, out, out, { NO_COLOR: "1" });
      output.line(hostile, { text: hostile, tone: "bold" });
      output.table([hostile], [[hostile, hostile]]);
      output.quote(hostile);
      output.progress(hostile);
      output.line(output.short(hostile, 4));
      expect(out.text()).not.toMatch(acting);
      const json = jsonLine({ hostile });
      expect(json).not.toMatch(acting);
      expect(JSON.parse(json)).toEqual({ hostile });
    }),
  );
});

test("A1 U5 the id of a sent message is printed, though its wait cannot go on", async () => {
  const sent = { id: "msg-1", to: "peer", toSession: null, state: "queued", ladder: [] };
  const gone = new TinyplaceError("host_absent", "No tinyplace runs.", "Start it.");
  const person = { isOwnerHere: false, call: () => Promise.reject(gone) } as unknown as Person;
  const out = stream(false);
  const about = {
    agent: { name: "me", cryptoId: "me" },
    sent: sent as unknown as SentMessage,
    options: { wait: "read", timeout: 60 },
  } as const;
  await expect(conclude(person, new Output(true, out, out), about)).rejects.toMatchObject({
    code: "host_absent",
    message: expect.stringMatching(/msg-1 was sent.*No tinyplace runs/),
    next: "Do not send it again. Start it.",
  });
  expect(JSON.parse(out.text())).toEqual({ sent });
});
