import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Stands in for the model only: an HTTP server on loopback that answers the Messages API with the
 * turns a test scripted. Everything around it, Claude Code included, is real.
 */
type Turn =
  | { readonly tool: string; readonly input: Record<string, unknown> }
  | { readonly say: string };

/** Decides the next turn from the results of the tools called so far, as parsed JSON. */
export type Script = (results: readonly Record<string, unknown>[]) => Turn | Promise<Turn>;

export async function startMessagesApi(
  script: Script,
): Promise<{ url: string; requests: readonly string[]; close(): Promise<void> }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (!request.url?.startsWith("/v1/messages") || request.url.includes("count_tokens")) {
        response.writeHead(200, { "content-type": "application/json" }).end('{"input_tokens":1}');
        return;
      }
      const text = Buffer.concat(chunks).toString("utf8");
      const body = JSON.parse(text) as RequestBody;
      if (body.tools?.length) requests.push(text);
      // Side questions (a title for the session, say) come without tools: any words will do.
      const turn = body.tools?.length ? script(toolResults(body)) : { say: "ok" };
      void Promise.resolve(turn).then((one) =>
        response.writeHead(200, { "content-type": "text/event-stream" }).end(events(one)),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** What the model was given, turn for turn, as it came. */
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface RequestBody {
  readonly tools?: unknown[];
  readonly messages: { content: string | { type: string; content?: unknown }[] }[];
}

function toolResults(body: RequestBody): Record<string, unknown>[] {
  return body.messages
    .flatMap((message) => (Array.isArray(message.content) ? message.content : []))
    .filter((block) => block.type === "tool_result")
    .map((block) => {
      const { content } = block;
      const texts = Array.isArray(content)
        ? content.map((one) => String((one as { text?: string }).text))
        : [String(content)];
      // What others wrote stands beside the JSON, framed.
      return texts.map(asJson).find((value) => value !== null) ?? { unreadable: texts.join("\n") };
    });
}

function asJson(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}

let serial = 0;

function events(turn: Turn): string {
  const block =
    "say" in turn
      ? { type: "text", text: "" }
      : { type: "tool_use", id: `toolu_${++serial}`, name: turn.tool, input: {} };
  const delta =
    "say" in turn
      ? { type: "text_delta", text: turn.say }
      : { type: "input_json_delta", partial_json: JSON.stringify(turn.input) };
  const message = {
    id: `msg_${++serial}`,
    type: "message",
    role: "assistant",
    model: "stand-in",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  };
  const list = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: block },
    { type: "content_block_delta", index: 0, delta },
    { type: "content_block_stop", index: 0 },
    {
      type: "message_delta",
      delta: { stop_reason: "say" in turn ? "end_turn" : "tool_use", stop_sequence: null },
      usage: { output_tokens: 1 },
    },
    { type: "message_stop" },
  ];
  return list.map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join("");
}
