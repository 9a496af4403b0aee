import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base58 } from "@scure/base";
import * as ratchet from "./sdk-ratchet.ts";

/**
 * An agent of the network as its public SDK and the earlier plugin make one, from network.md parts 1
 * and 2 alone: it polls, decrypts in order, acknowledges each envelope whether or not it could be
 * read, and signs in with a token. Nothing of ours is used.
 */
interface StateFile {
  signed: Record<string, ratchet.Keys>;
  active: string | null;
  oneTime: Record<string, ratchet.Keys>;
  sessions: Record<string, ratchet.Session>;
}

interface Envelope {
  id: string;
  from: string;
  to: string;
  timestamp: string;
  deviceId: 1;
  type: "PREKEY_BUNDLE" | "CIPHERTEXT";
  body: string;
  signal?: ratchet.Signal;
  suite?: string;
}

/** What the peer's person sees of one message. */
export interface Seen {
  /** The plaintext, e.g. the JSON of an envelope. */
  readonly text: string;
  /** The relay's id of it. */
  readonly envelopeId: string;
}

export const PING = "\x01tp-rehandshake\x01";

export interface SdkPeerOptions {
  readonly url: string;
  /** Where it keeps its state, in plain text. */
  readonly file: string;
  readonly now: () => number;
  /** Sends the re-key ping when something could not be read, as the earlier plugin does. */
  readonly pings: boolean;
  /** Its address has a `/`, which the earlier plugin draws again for. */
  readonly slash?: boolean;
}

export class SdkPeer {
  readonly seed: Uint8Array;
  readonly address: string;
  readonly cryptoId: string;
  /** Everything it read, oldest first. */
  readonly seen: Seen[] = [];
  /** What it could not read: dropped, as it does. */
  readonly dropped: string[] = [];
  /** Whether the network loses what it sends next. */
  lose = () => false;
  private readonly options: SdkPeerOptions;
  private state: StateFile = { signed: {}, active: null, oneTime: {}, sessions: {} };
  private token: string;

  constructor(options: SdkPeerOptions) {
    this.options = options;
    let seed: Uint8Array;
    do {
      seed = randomBytes(32);
    } while (hasSlash(seed) !== (options.slash ?? false));
    this.seed = seed;
    const publicKey = ed25519.getPublicKey(seed);
    this.address = Buffer.from(publicKey).toString("base64");
    this.cryptoId = base58.encode(publicKey);
    this.token = this.mintToken();
  }

  /** Publishes a signed pre-key and ten one-time keys, and the directory card. */
  async publish(): Promise<void> {
    const at = this.options.now();
    const signed = ratchet.drawPreKey(this.seed, `spk_${at}`);
    const oneTime = Array.from({ length: 10 }, (_, i) =>
      ratchet.drawPreKey(this.seed, `pk_${at + i}`),
    );
    this.state.signed[signed.keyId] = signed;
    this.state.active = signed.keyId;
    for (const key of oneTime) this.state.oneTime[key.keyId] = key;
    this.save();
    const own = `/keys/${encodeURIComponent(this.address)}`;
    const identityKey = this.address;
    const signedPreKey = ratchet.publicPart(signed);
    await this.call("PUT", `${own}/signed-prekey`, { identityKey, signedPreKey });
    const preKeys = oneTime.map(ratchet.publicPart);
    await this.call("PUT", `${own}/prekeys`, { identityKey, preKeys });
    const time = new Date(at).toISOString();
    await this.call("PUT", `/directory/agents/${this.cryptoId}`, {
      agentId: this.cryptoId,
      name: "sdk",
      description: "",
      version: "1",
      interfaces: [],
      skills: [],
      endpoints: {},
      publicKey: this.address,
      createdAt: time,
      updatedAt: time,
    });
  }

  /** A process that ended and started again knows what its file has. */
  restart(): void {
    this.state = JSON.parse(readFileSync(this.options.file, "utf8")) as StateFile;
    this.token = this.mintToken();
  }

  /** Its state file is gone: new keys, no sessions. */
  async forgetEverything(): Promise<void> {
    this.state = { signed: {}, active: null, oneTime: {}, sessions: {} };
    await this.publish();
  }

  /** Where its state is. */
  get file(): string {
    return this.options.file;
  }

  acceptContact(cryptoId: string): Promise<unknown> {
    return this.call("POST", `/contacts/${cryptoId}/accept`, undefined, this.cryptoId);
  }

  requestContact(cryptoId: string): Promise<unknown> {
    return this.call("POST", `/contacts/${cryptoId}`, undefined, this.cryptoId);
  }

  /** Sends any text; the relay's id of the envelope. */
  async send(to: string, text: string): Promise<string> {
    const handshake = this.state.sessions[to] ? null : await this.startSession(to);
    const session = this.state.sessions[to] as ratchet.Session;
    const { signal, body } = ratchet.encrypt(session, this.ends(this.address, to), text);
    this.save();
    const envelope: Envelope = {
      id: `msg-${randomBytes(8).toString("hex")}`,
      from: this.address,
      to,
      timestamp: new Date(this.options.now()).toISOString(),
      deviceId: 1,
      type: handshake ? "PREKEY_BUNDLE" : "CIPHERTEXT",
      body,
      signal: { ...signal, ...handshake },
    };
    if (!this.lose()) await this.call("PUT", "/messages", envelope);
    return envelope.id;
  }

  /** Offers the relay anything at all; whether it took it. */
  putRaw(envelope: unknown): Promise<boolean> {
    return this.call("PUT", "/messages", envelope).then(
      () => true,
      () => false,
    );
  }

  /** Sends in the earlier plugin's format; the message's own id. */
  async write(
    to: string,
    text: string,
    tp: { from_session?: string; in_reply_to?: string; auto?: boolean } = {},
  ): Promise<string> {
    const id = `msg-${randomBytes(8).toString("hex")}`;
    const timestamp = new Date(this.options.now()).toISOString();
    const json = {
      envelope_version: "tinyplace.harness.session.v1",
      version: 1,
      message: { id, line: 0, role: "agent", text, timestamp },
      tp: { v: 1, from_session: "claude:1", ...tp },
    };
    await this.send(to, JSON.stringify(json));
    return id;
  }

  /** Looks into its mailbox; `order` may shuffle what one page brought. */
  async poll(order: (page: Envelope[]) => Envelope[] = (page) => page): Promise<void> {
    const agent = `agentId=${encodeURIComponent(this.address)}`;
    for (;;) {
      const answer = (await this.call("GET", `/messages?${agent}&limit=50`)) as {
        messages: Envelope[] | null;
      };
      if (!answer.messages) return;
      for (const envelope of order(answer.messages)) {
        const lost = !this.open(envelope);
        this.save();
        await this.call("DELETE", `/messages/${encodeURIComponent(envelope.id)}?${agent}`);
        if (lost && this.options.pings) await this.ping(envelope.from);
      }
    }
  }

  /** The messages of an agent of ours that it read: by id and text, oldest first. */
  messages(): { id: string; text: string; auto: boolean; envelopeId: string }[] {
    return this.seen.flatMap(({ text, envelopeId }) => {
      if (!text.startsWith("{")) return [];
      const { message, tp } = JSON.parse(text);
      return [{ id: message.id, text: message.text, auto: tp.auto === true, envelopeId }];
    });
  }

  private open(envelope: Envelope): boolean {
    try {
      const { signal, from, body } = envelope;
      if (!signal) throw new Error("no ratchet header");
      const first = envelope.type === "PREKEY_BUNDLE";
      const { signed, oneTime } = this.state;
      const session = first
        ? ratchet.respond(this.seed, from, signal, signed, oneTime)
        : this.state.sessions[from];
      if (!session) throw new Error("no session");
      const opened = ratchet.decrypt(session, this.ends(from, this.address), signal, body);
      this.state.sessions[from] = opened.state;
      this.seen.push({ text: opened.text, envelopeId: envelope.id });
      return true;
    } catch {
      this.dropped.push(envelope.id);
      return false;
    }
  }

  private async ping(to: string): Promise<void> {
    delete this.state.sessions[to];
    await this.send(to, PING);
  }

  private async startSession(to: string) {
    const bundle = await this.call("GET", `/keys/${encodeURIComponent(to)}/bundle`);
    const started = ratchet.initiate(this.seed, to, bundle as ratchet.Bundle);
    this.state.sessions[to] = started.session;
    return started.handshake;
  }

  private ends(sender: string, recipient: string): [string, string] {
    return [ratchet.identityOfAddress(sender), ratchet.identityOfAddress(recipient)];
  }

  private save(): void {
    writeFileSync(this.options.file, JSON.stringify(this.state), { mode: 0o600 });
  }

  private async call(method: string, uri: string, body?: unknown, actor = this.address) {
    const answer = await fetch(this.options.url + uri, {
      method,
      headers: {
        "Content-Type": "application/json",
        "X-Tinyplace-SDK": "ts/1.0.0",
        "X-TinyPlace-Date": new Date(this.options.now()).toISOString(),
        "X-TinyPlace-Nonce": randomBytes(16).toString("base64"),
        "X-TinyPlace-Public-Key": this.address,
        "X-TinyPlace-Signature": this.token,
        "X-Agent-ID": actor,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${uri}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  private mintToken(): string {
    const now = this.options.now();
    const text = [
      "tiny.place wants you to sign in with your Solana account:",
      this.cryptoId,
      "",
      "Authenticate website API requests. This does not authorize a transaction or payment.",
      "",
      "URI: https://tiny.place",
      "Version: 1",
      "Chain ID: solana:mainnet",
      `Nonce: ${randomUUID()}`,
      `Issued At: ${new Date(now).toISOString()}`,
      `Expiration Time: ${new Date(now + 7 * 24 * 3600 * 1000).toISOString()}`,
    ].join("\n");
    const bytes = Buffer.from(text, "utf8");
    const token = {
      signedMessage: bytes.toString("base64"),
      signature: Buffer.from(ed25519.sign(bytes, this.seed)).toString("base64"),
      signatureType: "ed25519",
    };
    return `siws:${Buffer.from(JSON.stringify(token), "utf8").toString("base64url")}`;
  }
}

function hasSlash(seed: Uint8Array): boolean {
  return Buffer.from(ed25519.getPublicKey(seed)).toString("base64").includes("/");
}
