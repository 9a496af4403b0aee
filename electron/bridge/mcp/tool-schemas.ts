import type { Tool as ListedTool } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Tool, Tools } from "./tool.ts";

/** What a client reads about the tools: JSON Schemas of both ends, and what each may change. */
export function listedTools(tools: Tools): ListedTool[] {
  return Object.entries(tools).map(([name, tool]) => ({
    name,
    title: tool.title,
    description: tool.description,
    inputSchema: jsonSchema(schemasOf(tool).input, "input"),
    outputSchema: jsonSchema(schemasOf(tool).output, "output"),
    annotations: {
      title: tool.title,
      readOnlyHint: tool.readOnly,
      destructiveHint: tool.destructive ?? false,
      openWorldHint: tool.openWorld ?? false,
    },
  }));
}

/** The tool and its input, read. Throws `bad_request` with what the tool takes. */
export function readCall(
  tools: Tools,
  name: string,
  input: unknown,
): { tool: Tool; input: Record<string, unknown> } {
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (!tool) {
    throw new TinyplaceError(
      "bad_request",
      `There is no tool ${name.slice(0, 64)}.`,
      `The tools are: ${Object.keys(tools).join(", ")}.`,
    );
  }
  const read = schemasOf(tool).input.safeParse(input ?? {});
  if (read.success) return { tool, input: read.data };
  const issue = read.error.issues[0];
  const field = issue && issue.path.length > 0 ? `${issue.path.join(".")}: ` : "";
  throw new TinyplaceError(
    "bad_request",
    `${name}: ${field}${issue?.message ?? "unreadable input"}. Nothing was done.`,
    `Correct it and call again. ${takes(name, tool)}`,
  );
}

/**
 * What the tool promises of a result, and nothing else: a newer host may say more than this bridge
 * announced, and clients refuse what was not announced.
 */
export function readResult(tool: Tool, result: Record<string, unknown>): Record<string, unknown> {
  const read = schemasOf(tool).output.safeParse(result);
  if (read.success) return read.data;
  throw new TinyplaceError(
    "internal",
    "The tinyplace that runs answered in a way this session's bridge does not know.",
    "What was asked is done. Start the Claude Code session again, so that both are of one version.",
    { cause: read.error },
  );
}

interface Schemas {
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
}

const schemas = new WeakMap<Tool, Schemas>();

/** Made once for each tool that is used: a schema compiles itself when it first reads something. */
function schemasOf(tool: Tool): Schemas {
  const known = schemas.get(tool);
  if (known) return known;
  // Strict: a misspelt `to_session` must not send to everybody.
  const made = { input: z.strictObject(tool.input), output: z.object(tool.output) };
  schemas.set(tool, made);
  return made;
}

function takes(name: string, tool: Tool): string {
  const fields = Object.entries(tool.input).map(([field, schema]) =>
    z.safeParse(schema, undefined).success ? `${field} (optional)` : field,
  );
  return fields.length > 0 ? `${name} takes ${fields.join(", ")}.` : `${name} takes no input.`;
}

function jsonSchema(schema: z.ZodObject, io: "input" | "output"): ListedTool["inputSchema"] {
  return z.toJSONSchema(schema, { target: "draft-7", io }) as ListedTool["inputSchema"];
}
