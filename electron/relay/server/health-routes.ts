import type { FastifyInstance } from "fastify";

const PATHS = ["/healthz", "/readyz"];

/** For balancers and supervisors: whether the process lives, and whether to send it requests. */
export function addHealthRoutes(app: FastifyInstance, trouble: () => Promise<string | null>): void {
  app.get("/healthz", async () => ({ ok: true }));
  app.get("/readyz", async (_request, reply) => {
    const why = await trouble();
    return why === null ? { ready: true } : reply.code(503).send({ ready: false, why });
  });
}

/** Asked every second by several balancers at one address: not to be counted as a client's. */
export function isHealth(url: string): boolean {
  return PATHS.includes(url);
}
