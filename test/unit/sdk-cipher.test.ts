import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressKeys, identityScalar } from "../../electron/ratchet/address-key.ts";
import {
  decrypt,
  type Ends,
  encrypt,
  type RatchetState,
  type SkippedKey,
} from "../../electron/ratchet/sdk/double-ratchet.ts";
import { SdkCipherError } from "../../electron/ratchet/sdk/error.ts";
import { chainStep, messageKeys, rootStep } from "../../electron/ratchet/sdk/kdf.ts";
import { makePrekey, verifiedKey } from "../../electron/ratchet/sdk/prekey.ts";
import { seal, unseal } from "../../electron/ratchet/sdk/sealing.ts";
import { decodeState, encodeState } from "../../electron/ratchet/sdk/state-codec.ts";
import {
  readHandshake,
  readHeader,
  type WireSignal,
  writeSignal,
} from "../../electron/ratchet/sdk/wire.ts";
import { initiate, respond } from "../../electron/ratchet/sdk/x3dh.ts";
import { drawKeyPair, keyPairOf, sharedSecret } from "../../electron/ratchet/sdk/x25519.ts";
import { cryptoIdOf, messagingAddressOf } from "../../shared/model/address.ts";

const file = new URL("../fixtures/sdk-cipher-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8"));
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const hex = (value: Uint8Array | null) => value && Buffer.from(value).toString("hex");
const base64 = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

const [alice, bob] = vectors.identity;
const aliceKeys = addressKeys(alice.publicKeyBase64);
const bobKeys = addressKeys(bob.publicKeyBase64);
const { signedPreKey, oneTimePreKey } = vectors.preKeys;
const published = ({ keyId, publicKey, signature }: typeof signedPreKey) => ({
  keyId,
  publicKey,
  signature,
});
const toBob: Ends = { sender: aliceKeys.x25519, recipient: bobKeys.x25519 };
const toAlice: Ends = { sender: bobKeys.x25519, recipient: aliceKeys.x25519 };

describe("E3 the network's cipher gives the SDK's own results", () => {
  test("identities", () => {
    for (const one of vectors.identity) {
      const { ed25519, x25519 } = addressKeys(one.cryptoId_base58);
      expect(hex(ed25519)).toBe(one.ed25519Public);
      expect(messagingAddressOf(ed25519)).toBe(one.publicKeyBase64);
      expect(cryptoIdOf(ed25519)).toBe(one.cryptoId_base58);
      const scalar = identityScalar(bytes(one.seed));
      expect(hex(scalar)).toBe(one.x25519Private);
      expect(hex(x25519)).toBe(one.x25519Public);
      expect(hex(keyPairOf(scalar).publicKey)).toBe(one.x25519Public);
    }
  });

  test("key derivations", () => {
    const { kdfRoot, kdfChain, messageKeys: keys } = vectors;
    const root = rootStep(bytes(kdfRoot.rootKey), bytes(kdfRoot.dhOutput));
    expect(hex(root.rootKey)).toBe(kdfRoot.newRootKey);
    expect(hex(root.chainKey)).toBe(kdfRoot.chainKey);
    const chain = chainStep(bytes(kdfChain.chainKey));
    expect(hex(chain.chainKey)).toBe(kdfChain.newChainKey);
    expect(hex(chain.messageKey)).toBe(kdfChain.messageKey);
    const derived = messageKeys(bytes(keys.messageKey));
    expect(hex(derived.encryption)).toBe(keys.encKey);
    expect(hex(derived.mac)).toBe(keys.macKey);
    expect(hex(derived.iv)).toBe(keys.iv);
  });

  test("protection of a message, both ways", () => {
    const { messageKey, associatedData, plaintext, ciphertextWithMac8 } = vectors.aead;
    const parts = [bytes(messageKey), bytes(associatedData)] as const;
    expect(hex(seal(...parts, bytes(plaintext)))).toBe(ciphertextWithMac8);
    expect(hex(unseal(...parts, bytes(ciphertextWithMac8)))).toBe(plaintext);
  });

  test("pre-keys and their signatures", () => {
    for (const key of [signedPreKey, oneTimePreKey]) {
      const made = makePrekey(bytes(bob.seed), key.keyId, keyPairOf(bytes(key.privateKey)));
      expect(made.published).toEqual(published(key));
      expect(verifiedKey(key, bobKeys.ed25519)).toEqual(base64(key.publicKey));
    }
  });

  test.each([0, 1])("handshake %i, as initiator and as responder", (index) => {
    const vector = vectors.x3dh[index];
    const draws = [vector.ephemeralPrivateSeed, vector.ratchetPrivate];
    const draw = () => keyPairOf(bytes(draws.shift()));
    const oneTime = vector.withOneTimePreKey ? oneTimePreKey : null;
    const bundle = {
      signedPreKey: published(signedPreKey),
      oneTimePreKey: oneTime && published(oneTime),
    };
    const started = initiate(bytes(alice.x25519Private), bobKeys, bundle, draw);
    expect(hex(started.state.rootKey)).toBe(vector.rootKey);
    expect(hex(started.state.ownKey.publicKey)).toBe(vector.ratchetPublic);
    expect(hex(started.handshake.ephemeralKey)).toBe(vector.ephemeralPublic);
    const [ephemeral, signed] = [vector.ephemeralPrivateSeed, base64(signedPreKey.publicKey)];
    expect(hex(sharedSecret(bytes(alice.x25519Private), signed))).toBe(vector.dh1_IKa_SPKb);
    expect(hex(sharedSecret(bytes(ephemeral), bobKeys.x25519))).toBe(vector.dh2_EKa_IKb);
    expect(hex(sharedSecret(bytes(ephemeral), signed))).toBe(vector.dh3_EKa_SPKb);
    if (oneTime) {
      const dh4 = sharedSecret(bytes(ephemeral), base64(oneTime.publicKey));
      expect(hex(dh4)).toBe(vector.dh4_EKa_OPKb);
    }
    const answered = respond(
      bytes(bob.x25519Private),
      aliceKeys.x25519,
      started.handshake,
      bobsKeys(oneTime),
    );
    expect(hex(answered.rootKey)).toBe(vector.rootKey);
  });

  test("a conversation, step by step, with a skipped and a late message", () => {
    const { steps, associatedData_aliceToBob } = vectors.conversation;
    expect(hex(Buffer.concat([toBob.sender, toBob.recipient]))).toBe(associatedData_aliceToBob);
    const first = steps[0].envelope.signal as WireSignal;
    let bobs = respond(
      bytes(bob.x25519Private),
      aliceKeys.x25519,
      readHandshake(first),
      bobsKeys(oneTimePreKey),
    );
    let alices: RatchetState = {
      ...bobs,
      ownKey: keyPairOf(bytes(steps[0].aliceState.dhSendPrivate)),
      peerKey: base64(signedPreKey.publicKey),
    };
    const sent = new Map<string, { header: ReturnType<typeof readHeader>; body: Uint8Array }>();
    const kept = new Map<string, SkippedKey>();
    for (const { step, envelope, plaintext, aliceState, bobState } of steps) {
      const isAlice = aliceState !== undefined;
      const expected = aliceState ?? bobState;
      if (envelope) {
        const text = /'(.*)'/.exec(step)?.[1] as string;
        const from = isAlice ? alices : bobs;
        const one = encrypt(from, isAlice ? toBob : toAlice, Buffer.from(text));
        expect(Buffer.from(one.body).toString("base64")).toBe(envelope.body);
        const handshake = envelope.type === "PREKEY_BUNDLE" ? readHandshake(first) : null;
        expect(writeSignal(one.header, handshake)).toEqual(envelope.signal);
        sent.set(text, { header: readHeader(envelope.signal), body: base64(envelope.body) });
        if (isAlice) alices = one.state;
        else bobs = one.state;
      } else {
        const message = sent.get(plaintext);
        if (!message) throw new Error(`${plaintext} was not sent`);
        const id = `${hex(message.header.ratchetKey)}:${message.header.messageNumber}`;
        const one = decrypt(
          isAlice ? alices : bobs,
          { ...message, ends: isAlice ? toAlice : toBob },
          kept.get(id)?.messageKey ?? null,
          () => keyPairOf(bytes(expected.dhSendPrivate)),
        );
        expect(Buffer.from(one.plaintext).toString()).toBe(plaintext);
        if (one.usedSkipped) kept.delete(id);
        for (const key of one.skipped) kept.set(`${hex(key.ratchetKey)}:${key.messageNumber}`, key);
        const list = [...kept].map(([name, key]) => [name, hex(key.messageKey)]);
        expect(list).toEqual(expected.skipped);
        if (isAlice) alices = one.state;
        else bobs = one.state;
      }
      const state = isAlice ? alices : bobs;
      expect(decodeState(encodeState(state))).toEqual(state);
      expect({
        dhSendPrivate: hex(state.ownKey.privateKey),
        dhSendPublic: hex(state.ownKey.publicKey),
        dhRecv: hex(state.peerKey),
        rootKey: hex(state.rootKey),
        sendChainKey: hex(state.sendChain),
        recvChainKey: hex(state.receiveChain),
        ns: state.sent,
        nr: state.received,
        pn: state.previousSent,
      }).toEqual({ ...expected, skipped: undefined });
    }
    expect(sent.size).toBe(5);
  });
});

describe("E3 what the SDK does not bound", () => {
  test("keys of small order are refused, wherever they stand", () => {
    const bad = [
      new Uint8Array(32),
      Uint8Array.of(1, ...new Uint8Array(31)),
      bytes("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
      bytes("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    ];
    for (const key of bad) {
      const problem = expect.objectContaining({ problem: "unsafe_key" });
      expect(() => sharedSecret(drawKeyPair().privateKey, key)).toThrow(problem);
      const evil = makePrekey(bytes(bob.seed), "spk_1", { publicKey: key, privateKey: key });
      const bundle = { signedPreKey: evil.published, oneTimePreKey: null };
      expect(() => initiate(bytes(alice.x25519Private), bobKeys, bundle)).toThrow(problem);
      const handshake = { ephemeralKey: key, signedPreKeyId: "spk", oneTimePreKeyId: null };
      const keys = bobsKeys(null);
      expect(() => respond(bytes(bob.x25519Private), aliceKeys.x25519, handshake, keys)).toThrow(
        problem,
      );
      const [, bobs] = pair();
      const header = { ratchetKey: key, messageNumber: 0, previousChainLength: 0 };
      const body = new Uint8Array(24);
      expect(() => decrypt(bobs, { header, body, ends: toBob }, null)).toThrow(problem);
    }
  });

  test("a pre-key that another agent signed is refused", () => {
    const foreign = makePrekey(bytes(alice.seed), "spk_1").published;
    expect(() => verifiedKey(foreign, bobKeys.ed25519)).toThrow(
      expect.objectContaining({ problem: "bad_signature" }),
    );
  });

  test("a handshake with a one-time key that is gone is refused, not weakened", () => {
    const handshake = {
      ephemeralKey: drawKeyPair().publicKey,
      signedPreKeyId: signedPreKey.keyId,
      oneTimePreKeyId: "pk_gone",
    };
    expect(() =>
      respond(bytes(bob.x25519Private), aliceKeys.x25519, handshake, bobsKeys(null)),
    ).toThrow(expect.objectContaining({ problem: "no_prekey" }));
  });

  test("a repeated message is recognised, in this chain and in former ones", () => {
    let [a, b] = pair();
    const first = encrypt(a, toBob, Buffer.from("one"));
    const got = decrypt(b, { ...first, ends: toBob }, null);
    b = got.state;
    const stale = expect.objectContaining({ problem: "stale" });
    expect(() => decrypt(b, { ...first, ends: toBob }, null)).toThrow(stale);
    const back = encrypt(b, toAlice, Buffer.from("two"));
    a = decrypt(first.state, { ...back, ends: toAlice }, null).state;
    const third = encrypt(a, toBob, Buffer.from("three"));
    b = decrypt(back.state, { ...third, ends: toBob }, null).state;
    expect(() => decrypt(b, { ...first, ends: toBob }, null)).toThrow(stale);
  });

  test("more than a thousand missing messages are refused before any key is made", () => {
    const [a, b] = pair();
    const many = { ...a, sent: 1001 };
    const far = encrypt(encrypt(a, toBob, Buffer.from("x")).state, toBob, Buffer.from("far"));
    const header = { ...far.header, messageNumber: 1001 };
    expect(many.sent).toBe(1001);
    expect(() => decrypt(b, { header, body: far.body, ends: toBob }, null)).toThrow(
      expect.objectContaining({ problem: "too_many_skipped" }),
    );
  });

  test("hostile input gets a typed error, and never a plaintext", () => {
    const [a, b] = pair();
    const sent = encrypt(a, toBob, Buffer.from("genuine"));
    const genuine = {
      body: Buffer.from(sent.body).toString("base64"),
      signal: writeSignal(sent.header, {
        ephemeralKey: drawKeyPair().publicKey,
        signedPreKeyId: "spk_1",
        oneTimePreKeyId: null,
      }),
    };
    const text = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.constant(genuine.signal.ratchetKey),
      fc
        .uint8Array({ minLength: 32, maxLength: 32 })
        .map((b32) => Buffer.from(b32).toString("base64")),
    );
    const number = fc.oneof(fc.nat({ max: 3000 }), fc.integer(), fc.double());
    const signal = fc.record({
      ratchetKey: text,
      messageNumber: number,
      previousChainLength: number,
      ephemeralKey: fc.option(text, { nil: undefined }),
      signedPreKeyId: fc.option(fc.string(), { nil: undefined }),
      oneTimePreKeyId: fc.option(fc.string(), { nil: undefined }),
    });
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: sent.body.length - 1 }).map((at) => {
        const damaged = new Uint8Array(sent.body);
        damaged[at] = (damaged[at] as number) ^ 0x40;
        return damaged;
      }),
    );
    let refused = 0;
    fc.assert(
      fc.property(signal, body, (hostile, damaged) => {
        try {
          const header = readHeader(hostile as WireSignal);
          const handshake = readHandshake(hostile as WireSignal);
          respond(bytes(bob.x25519Private), aliceKeys.x25519, handshake, bobsKeys(null));
          decrypt(b, { header, body: damaged, ends: toBob }, null);
        } catch (error) {
          expect(error).toBeInstanceOf(SdkCipherError);
          refused++;
          return;
        }
        throw new Error("a forged message was accepted");
      }),
      { numRuns: 2000 },
    );
    // Every single damaged byte of a genuine message, header and text.
    for (let at = 0; at < sent.body.length; at++) {
      const damaged = new Uint8Array(sent.body);
      damaged[at] = (damaged[at] as number) ^ 1;
      expect(() => decrypt(b, { header: sent.header, body: damaged, ends: toBob }, null)).toThrow(
        SdkCipherError,
      );
    }
    expect(refused).toBe(2000);
    expect(Buffer.from(decrypt(b, { ...sent, ends: toBob }, null).plaintext).toString()).toBe(
      "genuine",
    );
  });
});

function bobsKeys(oneTime: { privateKey: string } | null) {
  return {
    signed: keyPairOf(bytes(signedPreKey.privateKey)),
    oneTime: oneTime && keyPairOf(bytes(oneTime.privateKey)),
  };
}

/** Both ends of a session that nothing was sent in. */
function pair(): [RatchetState, RatchetState] {
  const bundle = { signedPreKey: published(signedPreKey), oneTimePreKey: null };
  const { state, handshake } = initiate(bytes(alice.x25519Private), bobKeys, bundle);
  const own = bytes(bob.x25519Private);
  return [state, respond(own, aliceKeys.x25519, handshake, bobsKeys(null))];
}
