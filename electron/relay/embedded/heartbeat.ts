/**
 * Ms between pings of doorbells at the embedded relay. Between two threads of one process no connection
 * breaks unnoticed, and a hundred agents that ping every 20 s are most of what an idle daemon does.
 */
export const EMBEDDED_HEARTBEAT_MS = 300_000;
