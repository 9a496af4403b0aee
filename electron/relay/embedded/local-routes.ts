import type { Answer } from "../client/relay-wire.ts";
import { asRefusal, HttpError } from "../server/http-error.ts";
import { JsonText, type RelayRequest, type Route, refusalBody } from "../server/route.ts";
import type { Method } from "../wire.ts";

interface Found {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/**
 * The relay's routes for agents of its own process: the same answers as over HTTP, without sockets,
 * signatures and JSON between. Whoever may ask here owns the agents' keys.
 */
export class LocalRoutes {
  private readonly routes: readonly { readonly route: Route; readonly parts: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes.map((route) => ({ route, parts: route.path.split("/") }));
  }

  /** Never rejects. @param agent who asks, a cryptoId @param body a JSON value, not changed afterwards */
  async ask(agent: string, method: Method, uri: string, body: unknown): Promise<Answer> {
    try {
      const [path, query] = split(uri);
      const found = this.find(method, path);
      if (!found) throw new HttpError(404, "no such route");
      const request: RelayRequest = {
        params: found.params,
        query: Object.fromEntries(new URLSearchParams(query)),
        address: "",
        signer: async () => agent,
        body: () => {
          if (body === undefined) throw new HttpError(400, "the body is not JSON");
          return body;
        },
      };
      const reply = await found.route.handle(request);
      const text = reply.body instanceof JsonText ? reply.body.text : null;
      return { status: reply.status, body: text === null ? reply.body : JSON.parse(text) };
    } catch (error) {
      const refusal = asRefusal(error);
      return { status: refusal.status, body: refusalBody(refusal) };
    }
  }

  private find(method: Method, path: string): Found | null {
    const asked = path.split("/");
    for (const { route, parts } of this.routes) {
      if (route.method !== method || parts.length !== asked.length) continue;
      const params: Record<string, string> = {};
      const fits = parts.every((part, index) => {
        const given = asked[index] as string;
        if (!part.startsWith(":")) return part === given;
        params[part.slice(1)] = decodeURIComponent(given);
        return given !== "";
      });
      if (fits) return { route, params };
    }
    return null;
  }
}

function split(uri: string): [path: string, query: string] {
  const at = uri.indexOf("?");
  return at < 0 ? [uri, ""] : [uri.slice(0, at), uri.slice(at + 1)];
}
