const MIN_ENVELOPES = 100;
const MIN_SIZE = 1024 * 1024;

export interface Bounds {
  readonly limit: number;
  readonly size: number;
}

/**
 * What one sender may fill of a mailbox: half of it, so that a contact that floods it shuts nobody
 * else out. Nobody's share is looked at before the mailbox as a whole holds that much.
 */
export function senderShare({ limit, size }: Bounds): Bounds {
  return { limit: Math.max(MIN_ENVELOPES, limit / 2), size: Math.max(MIN_SIZE, size / 2) };
}
