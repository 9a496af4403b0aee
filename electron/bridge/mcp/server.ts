import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { errorView } from "../../../shared/errors/errors.ts";
import type { HomePaths } from "../../platform/paths.ts";
import { ConfirmingTransport } from "./confirming-transport.ts";
import { BridgeSession, sessionEnvironment } from "./session.ts";
import type { Tool } from "./tool.ts";
import { tools } from "./tools.ts";

const PROGRESS_EVERY_MS = 5_000;

interface CallExtra {
  readonly requestId: string | number;
  readonly signal: AbortSignal;
  readonly _meta?: { progressToken?: string | number } | undefined;
  sendNotification(notification: {
    method: "notifications/progress";
    params: { progressToken: string | number; progress: number; message: string };
  }): Promise<void>;
}

/** Runs the stdio bridge until its client goes away. Holds no keys; the host does the work. */
export async function runBridge(paths: HomePaths, version: string): Promise<void> {
  const session = new BridgeSession(paths, sessionEnvironment(process.env));
  const transport = new ConfirmingTransport();
  const server = new McpServer({ name: "tinyplace", version });
  for (const [name, tool] of Object.entries(tools))
    register(server, transport, session, name, tool);
  session.client.start();
  const ended = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  await server.connect(transport);
  await ended;
  session.client.close();
  await server.close();
}

function register(
  server: McpServer,
  transport: ConfirmingTransport,
  session: BridgeSession,
  name: string,
  tool: Tool,
): void {
  const config = {
    title: tool.title,
    description: tool.description,
    inputSchema: tool.input,
    outputSchema: tool.output,
    annotations: {
      title: tool.title,
      readOnlyHint: tool.readOnly,
      destructiveHint: tool.destructive ?? false,
      openWorldHint: !tool.readOnly,
    },
  };
  server.registerTool(
    name,
    config as never,
    (async (input: never, extra: CallExtra) => {
      const stopProgress = reportProgress(extra);
      try {
        const { result, deliveries } = await tool.run(session, input, extra.signal);
        if (deliveries && deliveries.length > 0) {
          transport.whenWritten(extra.requestId, () => {
            const confirmed = { deliveries: [...deliveries] };
            // Not confirmed means offered again, marked so: never lost.
            session.client.call("confirm", confirmed).catch(() => undefined);
          });
        }
        return {
          content: [{ type: "text", text: JSON.stringify(result) }],
          structuredContent: result,
        };
      } catch (error) {
        const view = errorView(error);
        return { isError: true, content: [{ type: "text", text: JSON.stringify(view) }] };
      } finally {
        stopProgress();
      }
    }) as never,
  );
}

function reportProgress(extra: CallExtra): () => void {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  const timer = setInterval(() => {
    progress += PROGRESS_EVERY_MS / 1000;
    const params = { progressToken, progress, message: `waiting for ${progress} s` };
    extra.sendNotification({ method: "notifications/progress", params }).catch(() => undefined);
  }, PROGRESS_EVERY_MS);
  return () => clearInterval(timer);
}
