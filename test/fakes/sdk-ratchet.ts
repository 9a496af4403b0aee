import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
} from "node:crypto";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";

/**
 * The SDK's cipher as network.md part 2 describes it, traps included, and independent of ours: other
 * code, other primitives, plain objects with hex keys as its state file has them.
 */
export interface Keys {
  readonly keyId: string;
  readonly publicKey: string;
  readonly privateKey: string;
  readonly signature: string;
}

export interface Session {
  own: { publicKey: string; privateKey: string };
  peer: string | null;
  root: string;
  send: string | null;
  receive: string | null;
  ns: number;
  nr: number;
  pn: number;
  skipped: Record<string, string>;
}

export interface Signal {
  ratchetKey: string;
  messageNumber: number;
  previousChainLength: number;
  ephemeralKey?: string;
  signedPreKeyId?: string;
  oneTimePreKeyId?: string;
}

export interface Bundle {
  signedPreKey: { keyId: string; publicKey: string; signature: string };
  oneTimePreKey?: { keyId: string; publicKey: string; signature: string };
}

const MAX_SKIP = 1000;
const raw = (hex: string) => Buffer.from(hex, "hex");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const hkdf = (ikm: Uint8Array, salt: Uint8Array, info: string, length: number) =>
  Buffer.from(hkdfSync("sha256", ikm, salt, info, length));
const dh = (privateKey: string, publicKey: string) =>
  x25519.getSharedSecret(raw(privateKey), raw(publicKey));

function identityOf(seed: Uint8Array) {
  const scalar = createHash("sha512").update(seed).digest().subarray(0, 32);
  return { privateKey: hex(scalar), publicKey: hex(x25519.getPublicKey(scalar)) };
}

/** The X25519 key of an address (base64 Ed25519). */
export function identityOfAddress(address: string): string {
  return hex(ed25519.utils.toMontgomery(Buffer.from(address, "base64")));
}

function draw() {
  const privateKey = randomBytes(32);
  return { privateKey: hex(privateKey), publicKey: hex(x25519.getPublicKey(privateKey)) };
}

export function drawPreKey(seed: Uint8Array, keyId: string): Keys {
  const pair = draw();
  const text = b64(raw(pair.publicKey));
  return { ...pair, keyId, signature: b64(ed25519.sign(Buffer.from(text), seed)) };
}

export function publicPart({ keyId, publicKey, signature }: Keys) {
  return { keyId, publicKey: b64(raw(publicKey)), signature };
}

function session(root: Uint8Array, own: Session["own"], peer: string | null): Session {
  const chains = { send: null, receive: null, ns: 0, nr: 0, pn: 0, skipped: {} };
  return { root: hex(root), own, peer, ...chains };
}

const secretOf = (parts: Uint8Array[]) =>
  hkdf(Buffer.concat([Buffer.alloc(32, 0xff), ...parts]), Buffer.alloc(32), "WhisperText", 32);

export function initiate(seed: Uint8Array, address: string, bundle: Bundle) {
  for (const key of [bundle.signedPreKey, bundle.oneTimePreKey]) {
    if (!key) continue;
    const [signature, text] = [Buffer.from(key.signature, "base64"), Buffer.from(key.publicKey)];
    if (!ed25519.verify(signature, text, Buffer.from(address, "base64"))) {
      throw new Error("bad pre-key signature");
    }
  }
  const keyOf = (text: string) => hex(Buffer.from(text, "base64"));
  const signed = keyOf(bundle.signedPreKey.publicKey);
  const ephemeral = draw();
  const parts = [
    dh(identityOf(seed).privateKey, signed),
    dh(ephemeral.privateKey, identityOfAddress(address)),
    dh(ephemeral.privateKey, signed),
  ];
  const oneTime = bundle.oneTimePreKey;
  if (oneTime) parts.push(dh(ephemeral.privateKey, keyOf(oneTime.publicKey)));
  const handshake = {
    ephemeralKey: b64(raw(ephemeral.publicKey)),
    signedPreKeyId: bundle.signedPreKey.keyId,
    ...(oneTime && { oneTimePreKeyId: oneTime.keyId }),
  };
  return { session: session(secretOf(parts), draw(), signed), handshake };
}

/** Takes the one-time key out of `oneTime` before anything is checked, as the SDK does. */
export function respond(
  seed: Uint8Array,
  address: string,
  signal: Signal,
  signed: Record<string, Keys>,
  oneTime: Record<string, Keys>,
): Session {
  const own = signed[signal.signedPreKeyId ?? ""];
  if (!own) throw new Error("unknown signed pre-key");
  const ephemeral = hex(Buffer.from(signal.ephemeralKey ?? "", "base64"));
  const parts = [
    dh(own.privateKey, identityOfAddress(address)),
    dh(identityOf(seed).privateKey, ephemeral),
    dh(own.privateKey, ephemeral),
  ];
  const used = oneTime[signal.oneTimePreKeyId ?? ""];
  if (used) {
    parts.push(dh(used.privateKey, ephemeral));
    delete oneTime[used.keyId];
  }
  return session(secretOf(parts), { publicKey: own.publicKey, privateKey: own.privateKey }, null);
}

function rootStep(state: Session): string {
  const bytes = hkdf(
    dh(state.own.privateKey, state.peer as string),
    raw(state.root),
    "WhisperRatchet",
    64,
  );
  state.root = hex(bytes.subarray(0, 32));
  return hex(bytes.subarray(32));
}

function chainStep(chain: string): [next: string, key: string] {
  const step = (byte: number) =>
    createHmac("sha256", raw(chain)).update(Buffer.of(byte)).digest("hex");
  return [step(2), step(1)];
}

function protection(key: string, ends: [string, string], signal: Signal) {
  const bytes = hkdf(raw(key), Buffer.alloc(32), "WhisperMessageKeys", 80);
  const counters = Buffer.alloc(8);
  counters.writeUInt32BE(signal.previousChainLength, 0);
  counters.writeUInt32BE(signal.messageNumber, 4);
  const header = Buffer.concat([Buffer.from(signal.ratchetKey, "base64"), counters]);
  const associated = Buffer.concat([raw(ends[0]), raw(ends[1]), header]);
  const macOf = (text: Uint8Array) =>
    createHmac("sha256", bytes.subarray(32, 64))
      .update(associated)
      .update(text)
      .digest()
      .subarray(0, 8);
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(64), macOf };
}

/** Changes `state`. */
export function encrypt(state: Session, ends: [string, string], text: string) {
  state.send ??= rootStep(state);
  const [next, key] = chainStep(state.send);
  const signal: Signal = {
    ratchetKey: b64(raw(state.own.publicKey)),
    messageNumber: state.ns,
    previousChainLength: state.pn,
  };
  state.send = next;
  state.ns++;
  const { key: aes, iv, macOf } = protection(key, ends, signal);
  const cipher = createCipheriv("aes-256-cbc", aes, iv);
  const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return { signal, body: b64(Buffer.concat([encrypted, macOf(encrypted)])) };
}

/** The text and the next state; throws and leaves `before` as it was. */
export function decrypt(before: Session, ends: [string, string], signal: Signal, body: string) {
  const state = structuredClone(before);
  const header = hex(Buffer.from(signal.ratchetKey, "base64"));
  const id = `${header}:${signal.messageNumber}`;
  let key = state.skipped[id];
  if (key !== undefined) delete state.skipped[id];
  else {
    if (header !== state.peer) {
      skip(state, signal.previousChainLength);
      state.pn = state.ns;
      state.ns = 0;
      state.nr = 0;
      state.peer = header;
      state.receive = rootStep(state);
      state.own = draw();
      state.send = rootStep(state);
    }
    skip(state, signal.messageNumber);
    [state.receive, key] = chainStep(state.receive as string);
    state.nr++;
  }
  const bytes = Buffer.from(body, "base64");
  const encrypted = bytes.subarray(0, -8);
  const { key: aes, iv, macOf } = protection(key, ends, signal);
  if (!bytes.subarray(-8).equals(macOf(encrypted))) throw new Error("bad MAC");
  const decipher = createDecipheriv("aes-256-cbc", aes, iv);
  const text = Buffer.concat([decipher.update(encrypted), decipher.final()]).toString("utf8");
  return { text, state };
}

function skip(state: Session, until: number): void {
  if (state.receive === null) return;
  if (until - state.nr > MAX_SKIP) throw new Error("Too many skipped messages");
  while (state.nr < until) {
    const [next, key] = chainStep(state.receive);
    state.skipped[`${state.peer}:${state.nr}`] = key;
    state.receive = next;
    state.nr++;
  }
}
