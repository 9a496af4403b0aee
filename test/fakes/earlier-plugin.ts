import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { SdkPeer } from "./sdk-peer.ts";
import type { Keys, Session } from "./sdk-ratchet.ts";

/** A data folder as the earlier plugin leaves it, with the state file of network.md part 2, section 7. */
export class EarlierPlugin {
  readonly folder: string;
  private readonly wallets: Record<string, unknown>[] = [];

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  write(path: string, content: unknown): string {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : `${JSON.stringify(content)}\n`, {
      mode: 0o600,
    });
    return file;
  }

  /** The wallet of an agent, and its ratchet state as its file has it at this moment. */
  wallet(name: string, peer: SdkPeer): void {
    this.entry({
      name,
      address: peer.cryptoId,
      publicKey: peer.address,
      secretKey: Buffer.from(peer.seed).toString("hex"),
      createdAt: "2026-01-02T03:04:05.000Z",
    });
    this.write(this.statePath(peer), stateOf(peer));
  }

  entry(wallet: Record<string, unknown>): void {
    this.wallets.push(wallet);
    this.write("wallets.json", { wallets: this.wallets });
  }

  statePath(peer: SdkPeer): string {
    return `signal/${peer.address.replace(/[^A-Za-z0-9_-]/g, "_")}.json`;
  }

  /** A message in a session's inbox, or held (`label` null). */
  received(
    peer: SdkPeer,
    label: string | null,
    message: { id: string; from: string; text: string; toSession?: string; ts?: string },
  ): string {
    const place = label === null ? "_unrouted" : `${encodeURIComponent(label)}/inbox`;
    return this.write(`sessions/${peer.cryptoId}/${place}/${message.id}.json`, {
      fromSession: "claude:1",
      role: "agent",
      inReplyTo: null,
      toSession: null,
      ts: "2026-02-03T04:05:06.000Z",
      ...message,
    });
  }

  unsent(peer: SdkPeer, job: { id: string; to: string; text: string }, name = job.id): string {
    return this.write(`sessions/${peer.cryptoId}/_outbox/${name}.json`, {
      toSession: null,
      role: "agent",
      inReplyTo: null,
      auto: false,
      fromSession: "claude:1",
      harnessSessionId: "harness-1",
      cwd: "/work",
      ...job,
    });
  }

  /** Every file with its content's hash, mode and time: equal when nothing was changed. */
  fingerprint(): string {
    const lines = readdirSync(this.folder, { recursive: true, withFileTypes: true }).map(
      (entry) => {
        const path = join(entry.parentPath, entry.name);
        const { mtimeMs, ctimeMs, mode } = statSync(path);
        const content = entry.isFile()
          ? createHash("sha256").update(readFileSync(path)).digest("hex")
          : "";
        return [relative(this.folder, path), mode, mtimeMs, ctimeMs, content].join(" ");
      },
    );
    return lines.sort().join("\n");
  }
}

const b64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
const pairOf = (keys: { publicKey: string; privateKey: string }) => ({
  publicKey: b64(keys.publicKey),
  privateKey: b64(keys.privateKey),
});
const prekeyOf = (keys: Keys) => ({
  keyId: keys.keyId,
  keyPair: pairOf(keys),
  signature: keys.signature,
});

function sessionOf(one: Session) {
  return {
    dhSendKeyPair: pairOf(one.own),
    dhRecvPublicKey: one.peer && b64(one.peer),
    rootKey: b64(one.root),
    sendChainKey: one.send && b64(one.send),
    recvChainKey: one.receive && b64(one.receive),
    sendMessageNumber: one.ns,
    recvMessageNumber: one.nr,
    previousChainLength: one.pn,
    skippedKeys: Object.entries(one.skipped).map(([id, key]) => [id, b64(key)]),
  };
}

function stateOf(peer: SdkPeer) {
  const state = JSON.parse(readFileSync(peer.file, "utf8")) as {
    signed: Record<string, Keys>;
    active: string | null;
    oneTime: Record<string, Keys>;
    sessions: Record<string, Session>;
  };
  const each = <A, B>(all: Record<string, A>, make: (one: A) => B) =>
    Object.fromEntries(Object.entries(all).map(([id, one]) => [id, make(one)]));
  return {
    version: 1,
    signedPreKeys: each(state.signed, prekeyOf),
    activeSignedPreKeyId: state.active,
    preKeys: each(state.oneTime, prekeyOf),
    sessions: each(state.sessions, sessionOf),
  };
}
