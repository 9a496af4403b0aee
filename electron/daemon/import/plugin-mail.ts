import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { fitsTextLimit, readMessageId, wellFormed } from "../../../shared/envelope/envelope.ts";
import { readLabel } from "../../../shared/labels/labels.ts";
import { cryptoIdOf, publicKeyOf } from "../../../shared/model/address.ts";
import type { LeftFile } from "../../../shared/model/import-report.ts";
import { readPluginFile, UnreadableFile } from "./plugin-file.ts";
import type { PluginFolder } from "./plugin-folder.ts";

/** Mail that came to the plugin, and where it was waiting. */
export interface PluginReceived {
  readonly id: string;
  /** cryptoId */
  readonly peer: string;
  readonly fromSession: string | null;
  readonly toSession: string | null;
  readonly inReplyTo: string | null;
  readonly role: "user" | "agent";
  readonly text: string;
  readonly sentAt: string | null;
  /** In the inboxes of these sessions; empty: it was held. */
  readonly labels: readonly string[];
  /** A session may have read it already. */
  readonly mayBeRead: boolean;
}

/** Mail that a session of the plugin's handed over, and that was not sent yet. */
export interface PluginUnsent {
  readonly path: string;
  readonly id: string;
  /** As it was written: @handle, cryptoId or base64 key. */
  readonly to: string;
  readonly toSession: string | null;
  readonly inReplyTo: string | null;
  readonly role: "user" | "agent";
  readonly text: string;
  readonly auto: boolean;
  readonly fromSession: string | null;
  readonly harnessSessionId: string | null;
}

/** Which label a session of the plugin's had. */
interface PluginHolder {
  readonly label: string;
  readonly harnessSessionId: string;
}

export interface PluginMail {
  readonly received: readonly PluginReceived[];
  readonly unsent: readonly PluginUnsent[];
  readonly holders: readonly PluginHolder[];
  readonly left: readonly LeftFile[];
}

const role = z.enum(["user", "agent"]).nullish().catch(null);
const text = z.string().refine(fitsTextLimit).transform(wellFormed);
const id = z.string().refine((one) => readMessageId(one) !== null);
const received = z.object({
  id,
  from: z.string(),
  fromSession: z.unknown().optional(),
  toSession: z.unknown().optional(),
  inReplyTo: z.unknown().optional(),
  role,
  text,
  ts: z.unknown().optional(),
});
const unsent = z.object({
  id,
  to: z.string().min(1).max(128),
  toSession: z.unknown().optional(),
  inReplyTo: z.unknown().optional(),
  role,
  text,
  auto: z.unknown().optional(),
  fromSession: z.unknown().optional(),
  harnessSessionId: z.unknown().optional(),
});
const presence = z.object({ label: z.string(), harnessSessionId: z.string().min(1).max(128) });

const CLAIMED = /^\.claimed-\d+-.*\.json$/;
const SENDING = /^\.sending-\d+-.*\.json$/;

/** What the plugin's queues hold for one agent, oldest first; a damaged file costs only itself. */
export function pluginMail(folder: PluginFolder, cryptoId: string): PluginMail {
  const agent = encodeURIComponent(cryptoId);
  const sessions = folder.file("sessions", agent);
  const left: LeftFile[] = [];
  const attempt = <T>(path: string, read: () => T): T[] => {
    try {
      return [read()];
    } catch (error) {
      left.push(folder.left(path, error));
      return [];
    }
  };
  const byId = new Map<string, PluginReceived>();
  const take = (path: string, place: { label: string | null; mayBeRead: boolean }) => {
    for (const one of attempt(path, () => readReceived(path))) {
      const key = `${one.peer} ${one.id}`;
      const known = byId.get(key);
      // In an inbox and in the answerer's queue it is one message, and so it is in two inboxes.
      if (known && place.label === null) continue;
      const labels = [
        ...new Set([...(known?.labels ?? []), ...(place.label ? [place.label] : [])]),
      ];
      byId.set(key, { ...one, labels, mayBeRead: known?.mayBeRead ?? place.mayBeRead });
    }
  };
  for (const name of names(sessions)) {
    if (name === "_outbox" || name === "_unrouted" || name.endsWith(".json")) continue;
    const label = readLabel(decoded(name));
    for (const path of files(join(sessions, name, "inbox"))) {
      const claimed = CLAIMED.test(basename(path));
      if (claimed || isQueued(path)) take(path, { label, mayBeRead: claimed });
    }
  }
  for (const path of files(join(sessions, "_unrouted"))) {
    if (isQueued(path)) take(path, { label: null, mayBeRead: false });
  }
  // What the automatic answerer had not taken yet: sessions were shown the same messages.
  for (const path of files(folder.file("queue", agent))) {
    if (isQueued(path)) take(path, { label: null, mayBeRead: true });
  }
  const answering = folder.file("queue", agent, "processing");
  for (const batch of names(answering)) {
    for (const path of files(join(answering, batch))) {
      left.push(folder.left(path, new UnreadableFile("an automatic answer to it was under way")));
    }
  }
  const outbox = files(join(sessions, "_outbox"));
  for (const path of outbox.filter((one) => SENDING.test(basename(one)))) {
    const why =
      "the plugin was sending it when it ended, so it may have arrived: ask, or send it again";
    left.push(folder.left(path, new UnreadableFile(why)));
  }
  return {
    received: [...byId.values()].sort(bySentAt),
    unsent: outbox.filter(isQueued).flatMap((path) => attempt(path, () => readUnsent(path))),
    holders: files(sessions)
      .filter(isQueued)
      .flatMap((path) => attempt(path, () => readHolder(path)))
      .filter((one) => one !== null),
    left,
  };
}

function readReceived(path: string): Omit<PluginReceived, "labels" | "mayBeRead"> {
  const one = readPluginFile(path, received);
  const publicKey = publicKeyOf(one.from);
  if (!publicKey) throw new UnreadableFile("it does not say who sent it");
  const time = typeof one.ts === "string" ? Date.parse(one.ts) : Number.NaN;
  return {
    id: one.id,
    peer: cryptoIdOf(publicKey),
    fromSession: readLabel(one.fromSession),
    toSession: readLabel(one.toSession),
    inReplyTo: readMessageId(one.inReplyTo),
    role: one.role ?? "agent",
    text: one.text,
    sentAt: Number.isNaN(time) ? null : new Date(time).toISOString(),
  };
}

function readUnsent(path: string): PluginUnsent {
  const one = readPluginFile(path, unsent);
  const harness = one.harnessSessionId;
  return {
    path,
    id: one.id,
    to: one.to,
    toSession: readLabel(one.toSession),
    inReplyTo: readMessageId(one.inReplyTo),
    role: one.role ?? "agent",
    text: one.text,
    auto: one.auto === true,
    fromSession: readLabel(one.fromSession),
    harnessSessionId: typeof harness === "string" && harness !== "" ? harness.slice(0, 128) : null,
  };
}

/** Null: a session that had no id of its own. */
function readHolder(path: string): PluginHolder | null {
  const one = readPluginFile(path, presence.or(z.object({ label: z.string() })));
  const label = readLabel(one.label);
  return label !== null && "harnessSessionId" in one
    ? { label, harnessSessionId: one.harnessSessionId }
    : null;
}

function bySentAt(a: PluginReceived, b: PluginReceived): number {
  const [left, right] = [a.sentAt ?? "", b.sentAt ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A finished file of a queue: one that begins with a dot is being written, or was claimed. */
function isQueued(path: string): boolean {
  return path.endsWith(".json") && !basename(path).startsWith(".");
}

/** The folder's files, the one that was written first at first. */
function files(folder: string): string[] {
  return names(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat?.isFile() ? [{ path, at: stat.mtimeMs }] : [];
    })
    .sort((a, b) => a.at - b.at || (a.path < b.path ? -1 : 1))
    .map((one) => one.path);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
