import { z } from "zod";
import { lazily } from "../lazily.ts";

const nothing = z.object({}).strict();

const pluginState = z.object({
  /** What Claude Code has. */
  installed: z.boolean(),
  enabled: z.boolean(),
  version: z.string().nullable(),
  /** It starts this very installation, for this data folder. */
  current: z.boolean(),
  /** What does the same in a terminal. */
  commands: z.object({ install: z.string(), uninstall: z.string() }),
});

/** The plugin for Claude Code (rule M3): the same code as `tinyplace plugin`. */
export const pluginCalls = {
  "plugin.status": lazily({ request: () => nothing, response: () => pluginState }),
  "plugin.install": lazily({ request: () => nothing, response: () => pluginState }),
  "plugin.uninstall": lazily({ request: () => nothing, response: () => pluginState }),
} as const;
