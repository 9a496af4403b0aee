import { expect, test } from "vitest";
import { lazily } from "../../shared/lazily.ts";
import { calls } from "../../shared/protocol/protocol.ts";

test("a value is made when it is first asked for, and once", () => {
  const made: string[] = [];
  const make = (name: string) => () => {
    made.push(name);
    return { name };
  };
  const values = lazily({ first: make("first"), second: make("second") });
  expect(Object.keys(values)).toEqual(["first", "second"]);
  expect(made).toEqual([]);
  expect(values.second).toBe(values.second);
  expect(values.second).toEqual({ name: "second" });
  expect(made).toEqual(["second"]);
});

test("a maker that throws is asked again", () => {
  let tries = 0;
  const values = lazily({
    late: () => {
      tries++;
      if (tries === 1) throw new Error("not yet");
      return "there";
    },
  });
  expect(() => values.late).toThrow("not yet");
  expect(values.late).toBe("there");
});

test("every call of the protocol has its schemas", () => {
  for (const [name, call] of Object.entries(calls)) {
    expect(call.params.safeParse(undefined).success, name).toBe(false);
    expect(call.result, name).toHaveProperty("safeParse");
  }
});
