import { describe, expect, test } from "vitest";
import { HttpError } from "../../electron/relay/server/http-error.ts";
import { DATE_WINDOW_MS, NonceMemory } from "../../electron/relay/server/nonces.ts";
import { siwsHolds } from "../../electron/relay/server/siws.ts";
import {
  createSigner,
  signedText,
  streamAuthorization,
  verifySignature,
} from "../../electron/relay/signing.ts";
import vectors from "../fixtures/relay-auth-vectors.json" with { type: "json" };

const alice = createSigner(new Uint8Array(32).fill(0x11));
const bob = createSigner(new Uint8Array(32).fill(0x22));
const DATE = "2026-01-02T03:04:05.678Z";

describe("N4 signed requests", () => {
  test.each([
    ["with a body", vectors.rawPut, Buffer.from(vectors.rawPut.body, "utf8")],
    ["without a body", vectors.rawGet, null],
    ["with an empty body", vectors.rawGet, Buffer.alloc(0)],
  ])("the text and signature of a request %s are the network's", (_name, vector, body) => {
    const headers = vector.headers;
    const text = signedText({
      method: vector.method,
      uri: vector.requestUri,
      date: headers["X-TinyPlace-Date"],
      nonce: headers["X-TinyPlace-Nonce"],
      body,
    });
    expect(text.toString("utf8")).toBe(vector.signedText);
    expect(alice.address).toBe(headers["X-TinyPlace-Public-Key"]);
    expect(alice.sign(text)).toBe(headers["X-TinyPlace-Signature"]);
    expect(verifySignature(alice.publicKey, text, headers["X-TinyPlace-Signature"])).toBe(true);
    expect(verifySignature(bob.publicKey, text, headers["X-TinyPlace-Signature"])).toBe(false);
  });

  test("the WebSocket's credential is the network's", () => {
    const { Authorization } = vectors.bearerRaw.headers;
    expect(streamAuthorization(alice, Date.parse(DATE))).toBe(Authorization);
  });

  test("a sign-in token holds for its key until it expires", () => {
    const { token } = vectors.siws;
    const issued = Date.parse(DATE);
    const week = 7 * 24 * 3600 * 1000;
    expect(siwsHolds(token, alice.publicKey, alice.cryptoId, issued)).toBe(true);
    expect(siwsHolds(token, alice.publicKey, alice.cryptoId, issued + week)).toBe(false);
    expect(siwsHolds(token, bob.publicKey, bob.cryptoId, issued)).toBe(false);
    expect(siwsHolds("siws:e30", alice.publicKey, alice.cryptoId, issued)).toBe(false);
    expect(siwsHolds("siws:", alice.publicKey, alice.cryptoId, issued)).toBe(false);
  });

  test("a sign-in made for another site is no token here", () => {
    const message = [
      "other.example wants you to sign in with your Solana account:",
      alice.cryptoId,
      "",
      "URI: https://other.example",
      "Expiration Time: 2030-01-01T00:00:00.000Z",
    ].join("\n");
    const token = Buffer.from(
      JSON.stringify({
        signedMessage: Buffer.from(message).toString("base64"),
        signature: alice.sign(Buffer.from(message)),
      }),
    ).toString("base64url");
    const now = Date.parse(DATE);
    expect(siwsHolds(`siws:${token}`, alice.publicKey, alice.cryptoId, now)).toBe(false);
  });

  test("a key of small order signs for nobody", () => {
    // The neutral point: R = itself, S = 0 passes a bare check for every text.
    const neutral = new Uint8Array(32);
    neutral[0] = 1;
    const signature = Buffer.concat([neutral, new Uint8Array(32)]).toString("base64");
    expect(verifySignature(neutral, Buffer.from("any text"), signature)).toBe(false);
  });
});

describe("N4 nonces", () => {
  const refusal = (run: () => void): number => {
    try {
      run();
    } catch (error) {
      if (error instanceof HttpError) return error.status;
      throw error;
    }
    return 200;
  };

  test.each([0, DATE_WINDOW_MS, -DATE_WINDOW_MS])(
    "one is refused as long as a date %i ms off is not stale",
    (skew) => {
      const nonces = new NonceMemory();
      const seenAt = 1_800_000_000_000;
      const date = seenAt + skew;
      nonces.take("a", "n", date, seenAt);
      for (let now = seenAt; now <= date + DATE_WINDOW_MS; now += 1000) {
        expect(refusal(() => nonces.take("a", "n", date, now))).toBe(401);
      }
    },
  );

  test("another agent may use the same nonce, and one may use it again when its date is stale", () => {
    const nonces = new NonceMemory({ total: 2 });
    const now = 1_800_000_000_000;
    nonces.take("a", "n", now, now);
    nonces.take("b", "n", now, now);
    const later = now + 2 * DATE_WINDOW_MS;
    expect(refusal(() => nonces.take("a", "n", later, later))).toBe(200);
  });

  test("an agent that floods is refused, the others are not, and nothing is forgotten for it", () => {
    const nonces = new NonceMemory({ perAgent: 2, total: 3 });
    const now = 1_800_000_000_000;
    nonces.take("a", "1", now, now);
    nonces.take("a", "2", now, now);
    expect(refusal(() => nonces.take("a", "3", now, now))).toBe(429);
    expect(refusal(() => nonces.take("b", "1", now, now))).toBe(200);
    expect(refusal(() => nonces.take("c", "1", now, now))).toBe(429);
    expect(refusal(() => nonces.take("a", "1", now, now))).toBe(401);
  });
});
