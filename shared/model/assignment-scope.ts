import { z } from "zod";
import { TinyplaceError } from "../errors/errors.ts";

/** Where a session is: what an assignment goes by (rule S5). */
export const place = z.object({
  harnessSessionId: z.string().max(128).nullable(),
  /** The project's folder, as the harness names it. */
  project: z.string().max(4096).nullable(),
});
export type Place = z.infer<typeof place>;

export const assignmentScope = z.enum(["session", "project", "global"]);
export type AssignmentScope = z.infer<typeof assignmentScope>;

const SESSION = "session:";

/** The written scopes of a place, the nearest first: `session:<id>`, `project:<folder>`, `global`. */
export function scopesOf({ harnessSessionId, project }: Place): string[] {
  return [
    ...(harnessSessionId === null ? [] : [`${SESSION}${harnessSessionId}`]),
    ...(project === null ? [] : [`project:${project}`]),
    "global",
  ];
}

/** The nearest scope, or the named one. Throws `bad_request` when the place has none of that kind. */
export function scopeAt(where: Place, wanted: AssignmentScope | null): string {
  const scopes = scopesOf(where);
  const found = wanted === null ? scopes[0] : scopes.find((scope) => scope.startsWith(wanted));
  if (found !== undefined) return found;
  throw new TinyplaceError(
    "bad_request",
    `This session has no ${wanted === "session" ? "session id" : "project folder"} to assign by.`,
    "Leave `scope` out to take the nearest there is, or name `global`.",
  );
}

export function isSessionScope(scope: string): boolean {
  return scope.startsWith(SESSION);
}
