import { createServer } from "node:net";
import type { Random } from "./random.ts";

/**
 * A port for what goes away and comes back: none that the system gives to clients, or a client could
 * hold it meanwhile, or even connect to itself.
 */
export async function freePort(random: Random): Promise<number> {
  for (;;) {
    const port = random.between(15_000, 30_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once("error", () => resolve(false));
      server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
