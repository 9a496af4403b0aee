import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ed25519 } from "@noble/curves/ed25519.js";
import { base58 } from "@scure/base";
import { type WebSocket, WebSocketServer } from "ws";

/**
 * A relay of the network as network.md part 1 has it, and nothing more: no batches, no leases, no
 * digests, no libsignal bundles, no handles to claim. Its front end gives 404 for a key with a slash,
 * in words that are no JSON, as the live one does. Nothing of ours is used.
 */
interface Call {
  readonly method: string;
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
  /** base58 */
  readonly signer: string;
}

type Answer = readonly [status: number, body?: unknown];
type Json = Record<string, unknown>;

export class NetworkRelay {
  /** Routes it was asked for and does not know. */
  readonly unknown = new Set<string>();
  private readonly server: Server;
  private readonly prefix: string;
  private readonly now: () => number;
  private readonly mail = new Map<string, Json[]>();
  private readonly signed = new Map<string, Json>();
  private readonly oneTime = new Map<string, Json[]>();
  private readonly cards = new Map<string, Json>();
  private readonly contacts = new Map<string, Json>();
  private readonly nonces = new Set<string>();
  private readonly bells = new Map<string, WebSocket>();
  private readonly sockets = new WebSocketServer({ noServer: true });

  private constructor(prefix: string, now: () => number) {
    this.prefix = prefix;
    this.now = now;
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on("upgrade", (request, socket, head) => {
      const { searchParams } = new URL(request.url ?? "", "http://relay");
      const id = /^tiny\.place ([^:]+):/.exec(searchParams.get("authorization") ?? "")?.[1];
      if (!id || !request.url?.startsWith(`${prefix}/inbox/stream?`)) {
        socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
        return;
      }
      this.sockets.handleUpgrade(request, socket, head, (ws) => this.bells.set(id, ws));
    });
  }

  /** @param prefix path of the base URL, which no signature covers, e.g. "/api" */
  static async start(prefix: string, now: () => number): Promise<NetworkRelay> {
    const relay = new NetworkRelay(prefix, now);
    await new Promise<void>((resolve) => relay.server.listen(0, "127.0.0.1", resolve));
    return relay;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${this.prefix}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const [status, body] = this.answer(request, Buffer.concat(parts));
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status).end(body === undefined ? "" : text);
  }

  private answer(request: IncomingMessage, bytes: Buffer): Answer {
    const { method = "GET", url = "" } = request;
    if (!url.startsWith(this.prefix) || url.includes("%2F")) return [404, "Not Found"];
    const uri = url.slice(this.prefix.length);
    const { pathname, searchParams: query } = new URL(uri, "http://relay");
    const path = pathname.slice(1).split("/").map(decodeURIComponent);
    const open = method === "GET" && (path[0] === "directory" || path[2] === "bundle");
    const signer = open ? "" : this.signerOf(request, method, uri, bytes);
    if (signer === null) return [401, { error: "invalid signature" }];
    const body = bytes.length > 0 ? (JSON.parse(bytes.toString()) as Json) : {};
    const call = { method, path, query, body, signer };
    const answer =
      this.messages(call) ?? this.keys(call) ?? this.contactCalls(call) ?? this.directory(call);
    if (answer) return answer;
    this.unknown.add(`${method} /${path[0]}/${path.at(-1)}`);
    return [404, "Not Found"];
  }

  /** Raw mode, or a token whose text it believes. */
  private signerOf(
    request: IncomingMessage,
    method: string,
    uri: string,
    body: Buffer,
  ): string | null {
    const header = (name: string) => String(request.headers[name] ?? "");
    const [date, nonce] = [header("x-tinyplace-date"), header("x-tinyplace-nonce")];
    const key = Buffer.from(header("x-tinyplace-public-key"), "base64");
    const signature = header("x-tinyplace-signature");
    const id = base58.encode(key);
    if (signature.startsWith("siws:")) return id;
    const hash = createHash("sha256").update(body).digest("hex");
    const text = Buffer.from([method, uri, date, nonce, hash].join("\n"));
    const fresh = Math.abs(this.now() - Date.parse(date)) <= 300_000 && !this.nonces.has(nonce);
    if (!fresh || !ed25519.verify(Buffer.from(signature, "base64"), text, key)) return null;
    this.nonces.add(nonce);
    return id;
  }

  private messages({ method, path, query, body, signer }: Call): Answer | null {
    if (path[0] !== "messages" || path.length > 2) return null;
    if (method === "PUT" && path.length === 1) {
      const to = idOf(String(body.to));
      const accepted = this.contacts.get(pair(signer, to))?.status === "accepted";
      if (!accepted) return [403, { error: "not_a_contact" }];
      const box = this.mail.get(to) ?? [];
      this.mail.set(to, box);
      if (!box.some((one) => one.id === body.id)) box.push(body);
      this.bells.get(to)?.send('{"event":"new_item","item":{}}');
      return [202, body];
    }
    if (method !== (path.length === 1 ? "GET" : "DELETE")) return null;
    if (idOf(query.get("agentId") ?? "") !== signer) return [403, { error: "not yours" }];
    const box = this.mail.get(signer) ?? [];
    if (method === "GET") {
      const messages = box.slice(0, Number(query.get("limit") ?? 50));
      return [200, { messages: messages.length > 0 ? messages : null }];
    }
    this.mail.set(
      signer,
      box.filter((one) => one.id !== path[1]),
    );
    return [204];
  }

  private keys({ method, path, body, signer }: Call): Answer | null {
    if (path[0] !== "keys" || path.length !== 3) return null;
    if (!["bundle", "health", "prekeys", "signed-prekey"].includes(path[2] as string)) return null;
    const agentId = path[1] as string;
    const id = idOf(agentId);
    const updatedAt = new Date(this.now()).toISOString();
    const signed = this.signed.get(id);
    const queue = this.oneTime.get(id) ?? [];
    if (path[2] === "bundle") {
      if (!signed) return [404, { error: "no signed pre-key" }];
      const oneTimePreKey = queue.shift();
      const keys = { signedPreKey: signed, ...(oneTimePreKey && { oneTimePreKey }) };
      return [200, { agentId, identityKey: agentId, ...keys, updatedAt }];
    }
    if (signer !== id) return [403, { error: "not yours" }];
    if (method === "GET" && path[2] === "health") {
      const counts = { oneTimePreKeyCount: queue.length, lowOneTimePreKeys: queue.length < 5 };
      return [
        200,
        { agentId, ...counts, ...(signed && { signedPreKeyKeyId: signed.keyId }), updatedAt },
      ];
    }
    if (path[2] === "signed-prekey") this.signed.set(id, body.signedPreKey as Json);
    else this.oneTime.set(id, [...queue, ...(body.preKeys as Json[])]);
    return [204];
  }

  private contactCalls({ method, path, signer }: Call): Answer | null {
    if (path[0] !== "contacts") return null;
    const own = [...this.contacts.values()].filter(
      (one) => one.requester === signer || one.addressee === signer,
    );
    const view = (contact: Json) => {
      const cryptoId = contact.requester === signer ? contact.addressee : contact.requester;
      return { cryptoId, status: contact.status, contact };
    };
    const views = (rows: Json[]) => (rows.length > 0 ? rows.map(view) : null);
    const [, other, verb] = path;
    if (method === "GET" && !other) {
      return [200, { contacts: views(own.filter((one) => one.status === "accepted")) }];
    }
    const open = own.filter((one) => one.status === "pending");
    if (method === "GET" && other === "requests") {
      const incoming = views(open.filter((one) => one.addressee === signer));
      return [200, { incoming, outgoing: views(open.filter((one) => one.requester === signer)) }];
    }
    // A base64 key is no contact of anybody.
    if (!other || !/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(other)) return [404, { error: "unknown" }];
    const key = pair(signer, other);
    const contact = this.contacts.get(key);
    if (method === "GET" && verb === "status") {
      return [200, contact ? view(contact) : { cryptoId: other, status: "none" }];
    }
    const at = new Date(this.now()).toISOString();
    if (method === "POST" && verb === undefined) {
      const asked = { requester: signer, addressee: other, status: "pending", createdAt: at };
      const next = contact ?? { ...asked, updatedAt: at };
      if (next.addressee === signer) next.status = "accepted";
      this.contacts.set(key, next);
      return [200, next];
    }
    if (method === "POST" && verb === "accept" && contact?.addressee === signer) {
      contact.status = "accepted";
      return [200, contact];
    }
    return null;
  }

  private directory({ method, path, body }: Call): Answer | null {
    if (path[0] !== "directory" || path[1] !== "agents" || !path[2]) return null;
    if (method === "PUT") this.cards.set(path[2], { ...body, cryptoId: path[2] });
    const card = this.cards.get(path[2]);
    return card ? [200, card] : [404, { error: "no card" }];
  }
}

function idOf(address: string): string {
  return /^[A-Za-z0-9+/]{43}=$/.test(address)
    ? base58.encode(Buffer.from(address, "base64"))
    : address;
}

function pair(a: string, b: string): string {
  return [a, b].sort().join(" ");
}
