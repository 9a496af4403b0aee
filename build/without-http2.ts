import type { Plugin } from "vite";

export const HTTP2 = /^(node:)?http2$/;
const STAND_IN = "\0without-http2";

/**
 * Nothing here speaks HTTP/2, yet undici and fastify load Node.js's module of it wherever they are
 * loaded. They get one without its functions: what undici itself does where Node.js has none.
 */
export function withoutHttp2(): Plugin {
  return {
    name: "without-http2",
    enforce: "pre",
    resolveId: (source) => (HTTP2.test(source) ? STAND_IN : null),
    load: (id) => (id === STAND_IN ? "export const constants = {};" : null),
  };
}
