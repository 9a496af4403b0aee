import { randomBytes } from "node:crypto";
import { onTestFinished } from "vitest";
import type { ClientPeer } from "../../electron/bridge/session-host.ts";
import type { Agent } from "../../electron/daemon/agent.ts";
import { Host, type HostOptions } from "../../electron/daemon/host.ts";
import type { Session } from "../../electron/daemon/session-registry.ts";
import { homePaths } from "../../electron/platform/paths.ts";
import { unreadDeliveries } from "../../electron/vault/mail-table.ts";
import { acquireOwnerLock } from "../../electron/vault/owner-lock.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";

/** A whole host in this process: lock, relay, agents. Closed with the test. */
export async function startHost(
  home: string,
  options: Partial<Omit<HostOptions, "paths" | "lock">> = {},
): Promise<Host> {
  const paths = homePaths(home);
  const lock = acquireOwnerLock(paths.lock);
  if (!lock) throw new Error(`${home} has an owner`);
  const host = await Host.start({ paths, lock, kind: "headless", keychain: null, ...options });
  onTestFinished(() => host.close());
  return host;
}

/** A live session of an agent; nothing answers for it. */
export async function liveSession(agent: Agent, label: string): Promise<Session> {
  const peer: ClientPeer = { notify: () => {}, ping: async () => {}, close: () => {} };
  const harnessSessionId = `${agent.identity.name}-${label}`;
  const attached = agent.sessions.attach(
    peer,
    { harnessSessionId, cwd: "/work", pid: 1 },
    { label, pinned: true },
    Date.now(),
  );
  await agent.sessionChanged(attached);
  return attached.session;
}

/** Resolves with the message's id once the job is committed. */
export async function send(
  agent: Agent,
  from: Session,
  to: string,
  body: string,
  toSession: string | null = null,
): Promise<string> {
  const id = newMessageId(randomBytes(9));
  await agent.send({ id, to, body, toSession, inReplyTo: null, role: "agent", auto: false }, from);
  return id;
}

export function unread(agent: Agent, label: string): string[] {
  return unreadDeliveries(agent.vault, label, 10_000).map((row) => row.text);
}

/** Resolves when `holds` is true; looked at after every change of the host. */
export function until(host: Host, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      host.off("changed", look);
      host.off("mail", look);
      resolve();
    };
    host.on("changed", look);
    host.on("mail", look);
    look();
  });
}
