import { vi } from "vitest";

/**
 * The two SQLite bindings: the one that is installed as better-sqlite3, and the one that the bundle
 * for the older Electron has in its place. What a test loads after `runOn` runs on it.
 */
export const BINDINGS = ["better-sqlite3", "@signalapp/sqlcipher"] as const;
export type Binding = (typeof BINDINGS)[number];

export function runOn(binding: Binding): void {
  vi.resetModules();
  if (binding === "better-sqlite3") vi.doUnmock("better-sqlite3");
  else vi.doMock("better-sqlite3", () => import("@signalapp/sqlcipher"));
}
