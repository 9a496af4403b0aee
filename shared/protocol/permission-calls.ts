import { z } from "zod";
import { lazily } from "../lazily.ts";
import { permissionPrompt } from "../model/permission-prompt.ts";

/**
 * Where a harness relays what it asks its person (rule M2). No call answers such a question: that is
 * done in window and tray alone, where the person is.
 */
export const permissionCalls = {
  "permission.asked": lazily({ params: () => permissionPrompt, result: () => z.object({}) }),
} as const;

export const permissionNotifications = {
  "permission.answer": z.object({ id: z.string(), allow: z.boolean() }),
} as const;
