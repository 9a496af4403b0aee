import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { RelayLimits } from "../server/server.ts";
import type { StoreLimits } from "../store/store.ts";

const DAY_MS = 24 * 3600 * 1000;
/** A sender offers a message for 7 days: what it still offers must still be remembered. */
const MIN_RETENTION_DAYS = 8;
const MIB = 1024 * 1024;

/** What the command line says, as it says it. */
export interface RelayWords {
  readonly listen: string;
  readonly store: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly metrics?: string;
  readonly logLevel?: string;
  readonly agentRate?: string;
  readonly addressRate?: string;
  readonly connections?: string;
  readonly mailboxMessages?: string;
  readonly mailboxMb?: string;
  readonly handles?: string;
  readonly retentionDays?: string;
  readonly drainSeconds?: string;
  readonly trustProxy?: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RelaySettings {
  readonly listen: Address;
  readonly store: string;
  readonly storeLimits: StoreLimits;
  readonly limits: RelayLimits;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly metrics: Address | null;
  readonly logLevel: string;
  readonly drainMs: number;
  readonly trustProxy: readonly string[];
}

const LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
const ADDRESS = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i;

/** Throws `bad_request` for what makes no sense. */
export function readRelayOptions(words: RelayWords): RelaySettings {
  if ((words.tlsCert === undefined) !== (words.tlsKey === undefined)) {
    throw bad("TLS needs both files.", "Give --tls-cert and --tls-key.");
  }
  const level = z.enum(LEVELS).safeParse(words.logLevel ?? "info");
  if (!level.success) throw bad("There is no such --log-level.", `Choose ${LEVELS.join(", ")}.`);
  const retention = number("--retention-days", words.retentionDays, 0);
  if (retention !== undefined && retention !== 0 && retention < MIN_RETENTION_DAYS) {
    throw bad(
      `--retention-days is at least ${MIN_RETENTION_DAYS}, or 0 for ever.`,
      "Senders offer a message for 7 days: a shorter time could deliver one twice.",
    );
  }
  const size = number("--mailbox-mb", words.mailboxMb, 1);
  return {
    listen: addressOf(words.listen),
    store: words.store,
    storeLimits: given({
      mailboxLimit: number("--mailbox-messages", words.mailboxMessages, 1),
      mailboxSize: size && size * MIB,
      handleLimit: number("--handles", words.handles, 0),
      retentionMs: retention && retention * DAY_MS,
    }),
    limits: given({
      agentPerMinute: number("--agent-rate", words.agentRate, 0),
      addressPerMinute: number("--address-rate", words.addressRate, 0),
      connections: number("--connections", words.connections, 1),
    }),
    tls: words.tlsCert && words.tlsKey ? { cert: words.tlsCert, key: words.tlsKey } : null,
    metrics: words.metrics === undefined ? null : addressOf(words.metrics),
    logLevel: level.data,
    drainMs: (number("--drain-seconds", words.drainSeconds, 0) ?? 0) * 1000,
    trustProxy: words.trustProxy?.split(",").filter((one) => one !== "") ?? [],
  };
}

function addressOf(listen: string): Address {
  const match = ADDRESS.exec(listen);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host && port <= 65_535) return { host, port };
  throw bad(
    `"${listen.slice(0, 80)}" is no address to listen on.`,
    "Write HOST:PORT, for example 127.0.0.1:7700, or [::1]:7700; port 0 takes any free one.",
  );
}

function number(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least) return value;
  throw bad(`${option} takes a whole number from ${least} on.`, "See `tinyplace relay --help`.");
}

/** What was left out must not stand in the way of a default. */
function given<T extends Record<string, number | undefined>>(values: T) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: number };
}

function bad(words: string, next: string): TinyplaceError {
  return new TinyplaceError("bad_request", words, next);
}
