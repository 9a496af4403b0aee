import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

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

function contrast(a: string | undefined, b: string | undefined): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

function luminance(colour: string | undefined): number {
  if (!colour) throw new Error("no such token");
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
