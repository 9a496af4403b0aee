import type { RelayEnvelope } from "../relay/transport.ts";

/** Before the rest: how long the head is. */
const LENGTH_BYTES = 2;

/**
 * How an envelope waits in the vault for the relay: its JSON without the ciphertext, then the ciphertext
 * as bytes. As the base64 that goes over the wire, one of a usual message would fill a page of its own,
 * which is written when it is kept and when it is removed.
 */
export function keepEnvelope(envelope: RelayEnvelope): Uint8Array | string {
  const { body, ...rest } = envelope;
  const bytes = Buffer.from(body, "base64");
  const head = Buffer.from(JSON.stringify(rest), "utf8");
  const isSame = bytes.toString("base64") === body;
  if (!isSame || head.length >= 2 ** (8 * LENGTH_BYTES)) return JSON.stringify(envelope);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(head.length);
  return Buffer.concat([length, head, bytes]);
}

/** @param kept by `keepEnvelope`, or the whole JSON as earlier versions kept it */
export function keptEnvelope(kept: Uint8Array | string): RelayEnvelope {
  if (typeof kept === "string") return JSON.parse(kept) as RelayEnvelope;
  const buffer = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength);
  const end = LENGTH_BYTES + buffer.readUInt16BE();
  const head = JSON.parse(buffer.toString("utf8", LENGTH_BYTES, end)) as Omit<
    RelayEnvelope,
    "body"
  >;
  return { ...head, body: buffer.toString("base64", end) };
}
