import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { TinyplaceError } from "../../../../shared/errors/errors.ts";

/** Where a NATS cluster is, and how it is entered. Files hold what must not stand in a process list. */
export interface NatsAddress {
  /** `host:port` of some nodes; the others are learnt from them. */
  readonly servers: readonly string[];
  /** A `.creds` file's bytes (JWT and nkey seed). */
  readonly creds: Uint8Array | null;
  readonly user: { readonly name: string; readonly password: string } | null;
  /** PEM texts; null speaks plain TCP unless the server asks for more. */
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string } | null;
  /** Copies of everything: 3 keeps all while one node is away. */
  readonly replicas: number;
  /** Begins the name of every stream: relays of one fleet share it. */
  readonly fleet: string;
}

const SERVER = /^(?:\[[\da-f:.]+\]|[^\s:[\]@/]+):\d{1,5}$/i;
const OPTIONS = ["creds", "user", "password-file", "ca", "cert", "key", "replicas", "fleet"];

/**
 * Reads `nats://host:port[,host:port...]` or `tls://...`, with options after `?`: `creds`, `ca`,
 * `cert`, `key` and `password-file` name files; `user`, `replicas` (1 to 5, default 3), `fleet`.
 */
export function readNatsAddress(text: string): NatsAddress {
  const match = /^(nats|tls):\/\/([^/?]+)\/?(?:\?(.*))?$/.exec(text);
  const servers = (match?.[2] ?? "").split(",");
  if (!match || servers.some((one) => !SERVER.test(one))) {
    throw bad(`"${text.slice(0, 80)}" names no NATS servers.`);
  }
  const options = new URLSearchParams(match[3] ?? "");
  for (const name of options.keys()) {
    if (!OPTIONS.includes(name)) throw bad(`The store has no option "${name.slice(0, 40)}".`);
  }
  const replicas = Number(options.get("replicas") ?? 3);
  if (![1, 2, 3, 4, 5].includes(replicas)) throw bad("replicas is 1 to 5.");
  const fleet = options.get("fleet") ?? "tinyplace";
  if (!/^\w{1,32}$/.test(fleet)) throw bad("fleet is 1 to 32 letters, digits or `_`.");
  const tls = tlsOf(match[1] === "tls", options);
  if (tls && servers.some((one) => isIP(one.replace(/:\d+$/, "").replace(/[[\]]/g, "")) > 0)) {
    throw bad("Over TLS a NATS server goes by the name in its certificate, not by its address.");
  }
  return {
    servers,
    creds: bytesOf(options, "creds"),
    user: userOf(options),
    tls,
    replicas,
    fleet,
  };
}

function userOf(options: URLSearchParams): NatsAddress["user"] {
  const name = options.get("user");
  if (name === null) return null;
  const password = bytesOf(options, "password-file");
  if (!password) throw bad("user needs password-file.");
  return { name, password: password.toString("utf8").trim() };
}

function tlsOf(wanted: boolean, options: URLSearchParams): NatsAddress["tls"] {
  const files = ["ca", "cert", "key"].flatMap((name) => {
    const text = bytesOf(options, name)?.toString("utf8");
    return text === undefined ? [] : [[name, text]];
  });
  return wanted || files.length > 0 ? Object.fromEntries(files) : null;
}

function bytesOf(options: URLSearchParams, name: string): Buffer | null {
  const path = options.get(name);
  if (path === null) return null;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw bad(`The file of the option ${name}, ${path}, cannot be read.`, cause);
  }
}

function bad(words: string, cause?: unknown): TinyplaceError {
  return new TinyplaceError(
    "bad_request",
    words,
    "Write nats://HOST:PORT,HOST:PORT?option=value; docs/relay.md names the options.",
    { cause },
  );
}
