import { contactRoutes } from "./contact-routes.ts";
import { directoryRoutes } from "./directory-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { messageRoutes } from "./message-routes.ts";
import type { RouteParts } from "./request.ts";
import { ok, type Route } from "./route.ts";

/** The whole wire API of a relay (network.md parts 1 and 3), but for the doorbell. */
export function relayRoutes(parts: RouteParts): readonly Route[] {
  const extensions = ["libsignal", "batch", "handles"];
  return [
    { method: "GET", path: "/health", handle: async () => ok({ ok: true, extensions }) },
    ...messageRoutes(parts),
    ...keyRoutes(parts),
    ...contactRoutes(parts),
    ...directoryRoutes(parts),
  ];
}
