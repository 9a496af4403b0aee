import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { RequestGuard } from "./auth.ts";
import { HttpError } from "./http-error.ts";
import { admitSigned, type RouteParts } from "./request.ts";
import { JsonText, type RelayReply, type RelayRequest, type Route } from "./route.ts";

interface HttpParts extends Pick<RouteParts, "rates" | "store"> {
  readonly guard: RequestGuard;
  /** Bytes of one batch request. */
  readonly batchBytes: number;
  /** Told of every request that was signed rightly. */
  readonly usedBy: (agent: string) => void;
}

/** Serves routes over HTTP: who calls is who signed, and bodies are JSON. */
export function serveRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  parts: HttpParts,
): void {
  for (const { method, path, isBatch, handle } of routes) {
    app.route({
      method,
      url: path,
      ...(isBatch && { bodyLimit: parts.batchBytes }),
      handler: async (request, reply) => send(reply, await handle(asked(parts, request))),
    });
  }
}

function asked(parts: HttpParts, request: FastifyRequest): RelayRequest {
  return {
    params: request.params as Readonly<Record<string, string>>,
    query: request.query,
    address: request.ip,
    signer: async () => {
      const agent = await admitSigned(parts, {
        method: request.method,
        uri: request.raw.url ?? "",
        body: Buffer.isBuffer(request.body) ? request.body : null,
        header: (name) => String(request.headers[name] ?? ""),
      });
      parts.usedBy(agent);
      return agent;
    },
    body: () => {
      try {
        return JSON.parse(Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "");
      } catch {
        throw new HttpError(400, "the body is not JSON");
      }
    },
  };
}

function send(reply: FastifyReply, { status, body }: RelayReply): FastifyReply {
  reply.code(status);
  if (body === null) return reply.send();
  if (!(body instanceof JsonText)) return reply.send(body);
  return reply.type("application/json; charset=utf-8").send(body.text);
}
