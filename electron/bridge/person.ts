import { windowCalls } from "../../shared/channels/channels.ts";
import { TinyplaceError } from "../../shared/errors/errors.ts";
import { requireCryptoId } from "../../shared/model/address.ts";
import type { AgentSummary, HostSnapshot } from "../../shared/model/snapshot.ts";
import { systemTimers } from "../../shared/pacing/timers.ts";
import type { AskRequest, AskResponse, PersonAsk } from "../../shared/protocol/person-calls.ts";
import type { CallResult } from "../../shared/protocol/protocol.ts";
import type { HomePaths } from "../platform/paths.ts";
import type { OwnerWays } from "./owner-seeker.ts";
import { type Asked, ReconnectingClient } from "./reconnecting-client.ts";
import type { AuthorizedCall } from "./session-host.ts";
import { UsageError } from "./terminal/exit-codes.ts";
import type { Output } from "./terminal/output.ts";

/** A person waits longer for an owner that is being started than a session's tool may, in ms. */
const PATIENCE_MS = 30_000;
/** An owner that is not there after this many ms is being started, and the person is told so. */
const TELL_AFTER_MS = 1_500;

/** Where a command runs, and what it prints to. */
export interface Command {
  readonly paths: HomePaths;
  readonly ways: OwnerWays;
  readonly output: Output;
}

/**
 * Runs a command as the person at the terminal: with whoever owns the data folder, who is started where
 * there is none, as for a session (rule L2).
 */
export async function asPerson(
  { paths, ways, output }: Command,
  run: (person: Person, output: Output) => Promise<void>,
): Promise<void> {
  const client = new ReconnectingClient(paths, ways, async () => undefined, {
    patienceMs: PATIENCE_MS,
  });
  client.start();
  const stopTelling = systemTimers.after(TELL_AFTER_MS, () => {
    if (!client.current) output.progress("Waiting for tinyplace to start...");
  });
  try {
    await run(new Person(client), output);
  } finally {
    stopTelling();
    await client.close();
  }
}

/** A person's own agent, as far as commands need it. */
export type OwnAgent = Pick<AgentSummary, "name" | "cryptoId">;

/** The person's side of the socket. */
export class Person {
  private readonly client: ReconnectingClient;

  constructor(client: ReconnectingClient) {
    this.client = client;
  }

  call<N extends AuthorizedCall>(name: N, asked: Asked<N>): Promise<CallResult<N>> {
    return this.client.call(name, asked);
  }

  /** What a window asks, asked from a terminal. */
  async ask<N extends PersonAsk>(call: N, request: AskRequest<N>): Promise<AskResponse<N>> {
    const { response } = await this.client.call("person.ask", { call, request });
    return windowCalls[call].response.parse(response) as AskResponse<N>;
  }

  snapshot(): Promise<HostSnapshot> {
    return this.client.call("status", {});
  }

  /** True when the owner is this very process, and ends with the command. */
  get isOwnerHere(): boolean {
    return this.client.current?.host.pid === process.pid;
  }

  /**
   * The agent a command is about: the one named, else TINYPLACE_ACTIVE_WALLET's, else the only one.
   * Throws `no_wallet`, `wallet_unknown`, or why its vault does not open.
   */
  async agent(named: string | undefined): Promise<OwnAgent> {
    const { agents, unopened } = await this.snapshot();
    const name = named ?? process.env.TINYPLACE_ACTIVE_WALLET;
    if (name !== undefined) {
      const found = agents.find((one) => one.name === name || one.cryptoId === name);
      if (found) return found;
      const shut = unopened.find((one) => one.name === name || one.cryptoId === name);
      if (shut) throw new TinyplaceError(shut.code, shut.reason, shut.next);
      throw walletUnknown(name, agents);
    }
    const [only, another] = agents;
    if (only && !another) return only;
    if (!only) throw noWallet(unopened.length > 0);
    throw new UsageError(
      "There are several agents here.",
      `Say which with --wallet: ${agents.map((one) => one.name).join(", ")}.`,
    );
  }

  /** Whom a name means: one of the person's own agents, a @handle, a cryptoId, a base64 key. */
  async peer(agent: OwnAgent, name: string): Promise<string> {
    const { agents } = await this.snapshot();
    const own = agents.find((one) => one.name === name);
    if (own) return own.cryptoId;
    if (!name.startsWith("@")) return requireCryptoId(name);
    const { cryptoId } = await this.call("person.resolve", {
      wallet: agent.cryptoId,
      peer: name.slice(0, 128),
    });
    return cryptoId;
  }
}

function noWallet(areShut: boolean): TinyplaceError {
  return new TinyplaceError(
    "no_wallet",
    areShut ? "None of the agents here is open." : "There is no agent here yet.",
    areShut ? "`tinyplace status` says why." : "Create one: tinyplace agents create NAME.",
  );
}

function walletUnknown(name: string, agents: readonly OwnAgent[]): TinyplaceError {
  const names = agents.map((one) => one.name).join(", ");
  return new TinyplaceError(
    "wallet_unknown",
    `There is no agent named "${name.slice(0, 64)}" here.`,
    names ? `Use one of: ${names}.` : "Create one: tinyplace agents create NAME.",
  );
}
