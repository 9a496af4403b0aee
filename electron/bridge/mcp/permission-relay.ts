import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { InitializeRequest, JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { permissionPrompt } from "../../../shared/model/permission-prompt.ts";
import type { BridgeSession } from "./session.ts";

/** What a server declares so that Claude Code relays its permission prompts. */
const CAPABILITY = { "claude/channel/permission": {} };
const ANSWER = "notifications/claude/channel/permission";

const asked = z.object({
  method: z.literal("notifications/claude/channel/permission_request"),
  params: z.looseObject({
    request_id: permissionPrompt.shape.id,
    tool_name: z.string(),
    description: z.string().optional(),
    input_preview: z.string().optional(),
  }),
});

/**
 * Declared to a client that has channels: Claude Code, or one that says so. Whether it relays anything
 * is still its person's choice.
 */
export function permissionCapability(client: InitializeRequest["params"]): object {
  const hasChannels = client.capabilities.experimental?.["claude/channel"] !== undefined;
  return hasChannels || client.clientInfo.name === "claude-code" ? CAPABILITY : {};
}

/** Passes what the harness asks its person to the host, and the person's answer back (rule M2). */
export function relayPermissions(
  server: Server,
  session: BridgeSession,
  send: (message: JSONRPCMessage) => Promise<void>,
): void {
  server.setNotificationHandler(asked, async ({ params }) => {
    const { shape } = permissionPrompt;
    await session.client
      .call("permission.asked", {
        id: params.request_id,
        tool: params.tool_name.slice(0, shape.tool.maxLength ?? 0),
        description: (params.description ?? "").slice(0, shape.description.maxLength ?? 0),
        preview: (params.input_preview ?? "").slice(0, shape.preview.maxLength ?? 0),
      })
      // Without a host, or a session, the person answers at the terminal.
      .catch(() => undefined);
  });
  session.onAnswer = ({ id, allow }) => {
    const params = { request_id: id, behavior: allow ? "allow" : "deny" };
    void send({ jsonrpc: "2.0", method: ANSWER, params }).catch(() => undefined);
  };
}
