import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { contrast } from "../support/contrast.ts";

/** WCAG AA over the tokens themselves, in all four colour schemes. */
const css = readFileSync(new URL("../../renderer/ui/tokens.css", import.meta.url), "utf8");
const [light, dark, light2, dark2] = [...css.matchAll(/:root \{([^}]*)\}/g)].map((block) =>
  Object.fromEntries(
    [...(block[1] ?? "").matchAll(/--tp-([\w-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]),
  ),
) as Record<string, string>[];

const schemes: Record<string, Record<string, string>> = {
  light: { ...light },
  dark: { ...light, ...dark },
  "light, more contrast": { ...light, ...light2 },
  "dark, more contrast": { ...light, ...dark, ...light2, ...dark2 },
};
const SURFACES = ["canvas", "sidebar", "raised", "sunken", "hover", "selected"];
const TEXTS: [string, string[]][] = [
  ["ink", [...SURFACES, "accent-soft", "bad-soft", "warn-soft"]],
  ["muted", [...SURFACES, "accent-soft", "bad-soft"]],
  ["accent", [...SURFACES, "accent-soft"]],
  ["warn", [...SURFACES, "warn-soft"]],
  ["bad", [...SURFACES, "bad-soft"]],
  ["good", SURFACES],
  ["on-accent", ["accent-fill", "accent-fill-hover"]],
];

describe.each(Object.entries(schemes))("contrast, %s", (_name, tokens) => {
  it.each(TEXTS)("%s can be read on its surfaces", (text, surfaces) => {
    for (const surface of surfaces) {
      expect(contrast(tokens[text], tokens[surface]), surface).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("shows the edges of fields", () => {
    expect(contrast(tokens["line-strong"], tokens.canvas)).toBeGreaterThanOrEqual(3);
    expect(contrast(tokens["line-strong"], tokens.sidebar)).toBeGreaterThanOrEqual(3);
  });
});
