/** Apart from the schemas: a hook reads it, and has no time to load them. */
export const PROTOCOL_VERSION = 1;
