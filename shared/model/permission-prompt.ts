import { z } from "zod";

/** What a session asks its person to allow; all of it as the harness says. */
export const permissionPrompt = z.object({
  /** The harness's own id of the question. */
  id: z.string().min(1).max(128),
  tool: z.string().max(256),
  description: z.string().max(4_000),
  /** What the tool would be called with, shortened by the harness. */
  preview: z.string().max(8_000),
});
export type PermissionPrompt = z.infer<typeof permissionPrompt>;
