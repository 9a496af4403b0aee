import { errorView } from "../../../shared/errors/errors.ts";
import type { ImportedAgent, ImportReport, LeftFile } from "../../../shared/model/import-report.ts";
import { writePluginState } from "../../ratchet/plugin-state.ts";
import { noteActivity } from "../../vault/activity-table.ts";
import { sentMessage } from "../../vault/mail-table.ts";
import type { Vault } from "../../vault/vault.ts";
import type { Agent } from "../agent.ts";
import type { Host } from "../host.ts";
import { type PluginAgent, readPluginAgent } from "./plugin-agent.ts";
import { PluginFolder, type PluginWallet } from "./plugin-folder.ts";
import type { PluginUnsent } from "./plugin-mail.ts";
import { pluginProcesses, pluginRuns } from "./plugin-running.ts";
import { isToHandle, type TakenMail, takeLabels, takeMail } from "./take-mail.ts";

/**
 * Takes over the data of the earlier plugin (rules S5, Z1): wallets with their ratchet states and
 * waiting mail, agent by agent, each in one transaction or not at all; then the assignments. The
 * plugin's folder is only read. What was taken before is not taken again: an agent that is here keeps
 * its own ratchets, and mail goes by its message id.
 *
 * Throws `bad_request` where there is nothing to import, `plugin_running`.
 */
export async function importPlugin(
  host: Host,
  { from, dryRun }: { from: string; dryRun: boolean },
): Promise<ImportReport> {
  const folder = new PluginFolder(from);
  const wallets = folder.wallets();
  const sound = wallets.filter((one) => "identity" in one);
  const runningNow = () =>
    sound.flatMap(({ name, identity }) =>
      pluginProcesses(folder, identity.cryptoId, host.clock.now()).map((pid) => ({
        wallet: name,
        pid,
      })),
    );
  const running = runningNow();
  if (running.length > 0 && !dryRun) throw pluginRuns(running);
  const agents: ImportedAgent[] = [];
  const seen = new Set<string>();
  for (const wallet of wallets) {
    if (!("identity" in wallet)) {
      agents.push({ ...nothing(wallet.name), problem: wallet.problem });
    } else if (!seen.has(wallet.identity.cryptoId)) {
      seen.add(wallet.identity.cryptoId);
      agents.push(await importAgent(host, folder, { wallet, dryRun, names: agents }));
    }
  }
  const assignments = takeAssignments(host, folder, sound, dryRun);
  return { from, dryRun, agents, ...assignments, running };
}

async function importAgent(
  host: Host,
  folder: PluginFolder,
  job: { wallet: PluginWallet; dryRun: boolean; names: readonly ImportedAgent[] },
): Promise<ImportedAgent> {
  const { wallet, dryRun } = job;
  const { cryptoId } = wallet.identity;
  try {
    const found = readPluginAgent(folder, wallet);
    // Between the first look and now somebody may have started a session of the plugin's.
    const pids = dryRun ? [] : pluginProcesses(folder, cryptoId, host.clock.now());
    if (pids.length > 0) throw pluginRuns(pids.map((pid) => ({ wallet: wallet.name, pid })));
    if (host.agents.knows(cryptoId)) return await addToKnown(host, folder, found, dryRun);
    const name = host.agents.freeName(
      wallet.name,
      job.names.flatMap((one) => one.name ?? []),
    );
    return await makeNew(host, folder, found, { name, dryRun });
  } catch (error) {
    return { ...nothing(wallet.name), cryptoId, problem: errorView(error).error };
  }
}

/** An agent that was not here: its vault is there with everything in it, or not at all. */
async function makeNew(
  host: Host,
  folder: PluginFolder,
  found: PluginAgent,
  { name, dryRun }: { name: string; dryRun: boolean },
): Promise<ImportedAgent> {
  const { wallet, ratchet, mail } = found;
  const at = host.clock.now();
  const count = (taken: TakenMail, agent: Agent | null) =>
    report(folder, found, { outcome: "taken", name, taken, agent });
  if (dryRun)
    return count(
      wouldTake(mail, () => false),
      null,
    );
  const take = (vault: Vault) =>
    vault.write(() => {
      if (ratchet) writePluginState(vault, ratchet.file, { at, changedAt: ratchet.changedAt });
      takeLabels(vault, mail, at);
      noteActivity(vault, { at, kind: "imported" });
      return takeMail(vault, mail, at);
    });
  const identity = { ...wallet.identity, name };
  const maker = host.agents.vaults.fresh(take, wallet.createdAt ?? at);
  const { agent, made } = await host.agents.adopt(identity, maker);
  return count(made, agent);
}

/** An agent that is here keeps what it has; mail that it does not have yet is added. */
async function addToKnown(
  host: Host,
  folder: PluginFolder,
  found: PluginAgent,
  dryRun: boolean,
): Promise<ImportedAgent> {
  const agent = host.agents.get(found.wallet.identity.cryptoId);
  const { vault, identity } = agent;
  const at = host.clock.now();
  const isKnown = (message: { id: string; peer: string | null }) =>
    message.peer === null
      ? sentMessage(vault, message.id) !== null
      : vault
          .sql("SELECT 1 AS yes FROM message WHERE direction = 'in' AND peer = ? AND id = ?")
          .get([message.peer, message.id]) !== undefined;
  const taken = dryRun
    ? wouldTake(found.mail, isKnown)
    : await vault.write(() => {
        const some = takeMail(vault, found.mail, at);
        if (some.placed.length + some.unsent > 0) noteActivity(vault, { at, kind: "imported" });
        return some;
      });
  if (!dryRun) agent.mailAdded(taken.placed);
  return report(folder, found, {
    outcome: "known",
    name: identity.name,
    taken,
    agent: dryRun ? null : agent,
  });
}

async function report(
  folder: PluginFolder,
  found: PluginAgent,
  done: {
    outcome: "taken" | "known";
    name: string;
    taken: TakenMail;
    /** Null in a dry run. */
    agent: Agent | null;
  },
): Promise<ImportedAgent> {
  const { wallet, ratchet, mail } = found;
  const { outcome, name, taken, agent } = done;
  const left: LeftFile[] = [...found.left];
  let { unsent } = taken;
  for (const one of mail.unsent.filter(isToHandle)) {
    if (agent && sentMessage(agent.vault, one.id)) continue;
    if (!agent || (await sendToHandle(agent, one))) unsent++;
    else {
      const why = `whom ${one.to} means cannot be asked now: import again when the relay answers`;
      left.push({ ...folder.left(one.path, null), why });
    }
  }
  const notes: string[] = [];
  if (wallet.name !== name) notes.push(`It is called ${name} here.`);
  if (outcome === "known" && (ratchet?.conversations ?? 0) > 0) {
    notes.push("It was here before, so its conversations go on as they are here.");
  }
  if (wallet.identity.address.includes("/")) {
    notes.push(
      "Its base64 address has a /, which some relays on the network cannot find: others may be unable to write to it there.",
    );
  }
  return {
    wallet: wallet.name,
    cryptoId: wallet.identity.cryptoId,
    name,
    outcome,
    problem: null,
    conversations: outcome === "taken" ? (ratchet?.conversations ?? 0) : 0,
    delivered: taken.delivered,
    held: taken.held,
    unsent,
    left,
    notes,
  };
}

/** True when the message is committed here. */
async function sendToHandle(agent: Agent, one: PluginUnsent): Promise<boolean> {
  const { id, to, toSession, inReplyTo, role, text: body, auto } = one;
  const from = { label: one.fromSession, harnessSessionId: one.harnessSessionId };
  try {
    await agent.send({ id, to, toSession, inReplyTo, role, body, auto }, from);
    return true;
  } catch {
    return false;
  }
}

function wouldTake(
  mail: PluginAgent["mail"],
  isKnown: (message: { id: string; peer: string | null }) => boolean,
): TakenMail {
  const fresh = mail.received.filter((one) => !isKnown(one));
  const held = fresh.filter((one) => one.labels.length === 0).length;
  const unsent = mail.unsent.filter(
    (one) => !isToHandle(one) && !isKnown({ id: one.id, peer: null }),
  );
  return { delivered: fresh.length - held, held, unsent: unsent.length, placed: [] };
}

/** A scope that is assigned here already stays as it is. */
function takeAssignments(
  host: Host,
  folder: PluginFolder,
  wallets: readonly PluginWallet[],
  dryRun: boolean,
): { assignments: number; left: LeftFile[] } {
  const { assigned, left } = folder.assignments();
  const present = new Set(host.assignments.list().map(([scope]) => scope));
  let assignments = 0;
  for (const [scope, name] of assigned) {
    const agent = wallets.find((one) => one.name === name)?.identity.cryptoId;
    const isHere = agent !== undefined && (dryRun || host.agents.knows(agent));
    if (!isHere) {
      const why = `${scope.slice(0, 128)} was assigned to ${name.slice(0, 64)}, which is not here`;
      left.push({ path: "assignments.json", why });
    } else if (!present.has(scope)) {
      if (!dryRun) host.assignments.set(scope, agent, host.clock.now());
      assignments++;
    }
  }
  return { assignments, left };
}

function nothing(wallet: string): ImportedAgent {
  return {
    wallet,
    cryptoId: null,
    name: null,
    outcome: "left",
    problem: null,
    conversations: 0,
    delivered: 0,
    held: 0,
    unsent: 0,
    left: [],
    notes: [],
  };
}
