import { SdkCipherError } from "./error.ts";

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** Standard alphabet with padding, in the one form that an encoder makes; throws `malformed`. */
export function fromBase64(text: string, length?: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Buffer.from(text, "base64"));
  const isExact = length === undefined || bytes.length === length;
  if (!isExact || toBase64(bytes) !== text) {
    throw new SdkCipherError("malformed", "a field is not base64 of the right length");
  }
  return bytes;
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
