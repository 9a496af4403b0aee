import { addressKeys, identityScalar } from "../../electron/ratchet/address-key.ts";
import { decrypt, encrypt, type RatchetState } from "../../electron/ratchet/sdk/double-ratchet.ts";
import { makePrekey } from "../../electron/ratchet/sdk/prekey.ts";
import { initiate, respond } from "../../electron/ratchet/sdk/x3dh.ts";
import { createSigner } from "../../electron/relay/signing.ts";

/** The network's own cipher with its state in memory, nothing else. */
export interface SdkCipherFigures {
  readonly encryptPerSecond: number;
  readonly decryptPerSecond: number;
  /** Each message encrypted and decrypted once, all in one direction. */
  readonly oneWayPerSecond: number;
  /** The same, both sides in turn: every message turns the ratchet. */
  readonly inTurnPerSecond: number;
  readonly handshakesPerSecond: number;
}

export function sdkCipherAlone(count: number, size: number): SdkCipherFigures {
  const [alice, bob] = [party(1), party(2)];
  const text = new Uint8Array(size).fill(120);
  const toBob = { sender: alice.keys.x25519, recipient: bob.keys.x25519 };
  const toAlice = { sender: bob.keys.x25519, recipient: alice.keys.x25519 };
  const handshake = () => {
    const { published, pair } = makePrekey(bob.seed, "spk_1");
    const bundle = { signedPreKey: published, oneTimePreKey: null };
    const started = initiate(alice.scalar, bob.keys, bundle);
    const keys = { signed: pair, oneTime: null };
    return [
      started.state,
      respond(bob.scalar, alice.keys.x25519, started.handshake, keys),
    ] as const;
  };
  let [a, b]: readonly RatchetState[] = handshake() as [RatchetState, RatchetState];
  const pass = (forth: boolean) => {
    const ends = forth ? toBob : toAlice;
    const sent = encrypt((forth ? a : b) as RatchetState, ends, text);
    const read = decrypt((forth ? b : a) as RatchetState, { ...sent, ends }, null);
    [a, b] = forth ? [sent.state, read.state] : [read.state, sent.state];
  };
  for (let i = 0; i < 200; i++) pass(i % 2 === 0);
  pass(true);
  const oneWay = perSecond(count, () => pass(true));
  const inTurn = perSecond(count, (i) => pass(i % 2 === 1));
  const sent: ReturnType<typeof encrypt>[] = [];
  let sender = a as RatchetState;
  const encrypting = perSecond(count, () => {
    const one = encrypt(sender, toBob, text);
    sender = one.state;
    sent.push(one);
  });
  let receiver = b as RatchetState;
  const decrypting = perSecond(count, (i) => {
    const one = sent[i] as ReturnType<typeof encrypt>;
    receiver = decrypt(receiver, { ...one, ends: toBob }, null).state;
  });
  return {
    encryptPerSecond: encrypting,
    decryptPerSecond: decrypting,
    oneWayPerSecond: oneWay,
    inTurnPerSecond: inTurn,
    handshakesPerSecond: perSecond(50, handshake),
  };
}

function party(fill: number) {
  const seed = new Uint8Array(32).fill(fill);
  return { seed, scalar: identityScalar(seed), keys: addressKeys(createSigner(seed).address) };
}

function perSecond(count: number, task: (index: number) => void): number {
  const start = performance.now();
  for (let i = 0; i < count; i++) task(i);
  return Math.round(count / ((performance.now() - start) / 1000));
}
