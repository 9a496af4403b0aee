import { z } from "zod";
import { lazily } from "../lazily.ts";
import { importReport } from "../model/import-report.ts";

/** The earlier plugin's data, in the window. */
export const importCalls = {
  /** Where the plugin kept its data, as far as this process can tell. */
  "import.folder": lazily({
    request: () => z.object({}).strict(),
    response: () => z.object({ folder: z.string(), exists: z.boolean() }),
  }),
  "import.plugin": lazily({
    request: () => z.object({ from: z.string().min(1).max(4096), dryRun: z.boolean() }).strict(),
    response: () => importReport,
  }),
} as const;
