import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { HostClient } from "../../../electron/bridge/socket-client.ts";
import { homePaths } from "../../../electron/platform/paths.ts";
import type { AgentSummary } from "../../../shared/model/snapshot.ts";
import { asDaemon, connectBridge, type Program, startProgram } from "../../support/programs.ts";
import { freePort } from "./free-port.ts";
import { Machine, type MachineEvents, type Running } from "./machine.ts";
import type { Random } from "./random.ts";
import { type Correspondent, Session } from "./session.ts";
import type { Tally } from "./tally.ts";

/** Two agents, each in a data folder with a daemon of its own, a relay, and the agents' sessions. */
const AGENTS = ["a", "b"] as const;
type AgentName = (typeof AGENTS)[number];
const SESSIONS_EACH = 2;
const LOOK_EVERY_MS = 25;

interface WorldOptions {
  readonly program: Program;
  readonly tally: Tally;
  readonly random: Random;
  readonly events: MachineEvents;
  /** What stands between daemons and relay: from the relay's address to the one they are told. */
  readonly relayBehind?: (url: string) => Promise<string>;
}

export interface Member {
  readonly session: Session;
  readonly machine: Machine;
  readonly agent: AgentName;
}

/** Everything that one run of rounds happens in; kept on disk when something went wrong. */
export class World {
  readonly folder: string;
  readonly members: readonly Member[];
  readonly relay: Machine;
  readonly daemons: Readonly<Record<AgentName, Machine>>;
  private readonly options: WorldOptions;
  private readonly addresses = new Map<AgentName, string>();
  private relayPort = 0;
  private relayUrl = "";

  /** Whatever ends the harness, nothing it started outlives it. */
  private readonly endAll = () => {
    for (const machine of this.machines()) machine.kill();
  };

  private constructor(options: WorldOptions) {
    this.options = options;
    process.once("exit", this.endAll);
    // Short: socket paths are bounded.
    this.folder = mkdtempSync(join(tmpdir(), "tp-crash-"));
    const events = this.events();
    this.relay = new Machine("relay", (env) => this.launchRelay(env), events);
    const daemon = (name: AgentName) =>
      new Machine(`daemon ${name}`, (env) => this.launchDaemon(name, env), events);
    this.daemons = { a: daemon("a"), b: daemon("b") };
    this.members = AGENTS.flatMap((agent) =>
      Array.from({ length: SESSIONS_EACH }, (_, index) => this.member(agent, index + 1, events)),
    );
  }

  /** Starts everything; the two agents are contacts and have not written to each other yet. */
  static async create(options: WorldOptions): Promise<World> {
    const world = new World(options);
    try {
      await world.start();
      return world;
    } catch (error) {
      await world.end(true);
      throw error;
    }
  }

  machines(): Machine[] {
    return [
      this.relay,
      ...Object.values(this.daemons),
      ...this.members.map(({ machine }) => machine),
    ];
  }

  /** Whom a session writes to, by name, e.g. `b1`. */
  correspondent(name: string): Correspondent {
    const member = this.members.find(({ session }) => session.name === name);
    if (!member) throw new Error(`there is no session ${name}`);
    const address = this.addresses.get(member.agent) as string;
    return { name, label: member.session.label, address };
  }

  /** What each daemon says of its agent. */
  async states(): Promise<AgentSummary[]> {
    const states = await Promise.all(
      AGENTS.map(async (name) => {
        const client = await HostClient.connect(homePaths(this.home(name)), "harness");
        const { agents } = await client.call("status", {});
        client.close();
        return agents;
      }),
    );
    return states.flat();
  }

  /** Resolves true when nothing is under way or unread any more, false after `patience` ms. */
  async quiet(patience: number): Promise<boolean> {
    const deadline = performance.now() + patience;
    while (performance.now() < deadline) {
      const states = await this.states();
      if (states.every((one) => one.queued + one.unread + one.holds === 0)) return true;
      await delay(LOOK_EVERY_MS);
    }
    return false;
  }

  /** Sessions read no more; everything else runs on. */
  async hush(): Promise<void> {
    await Promise.all(this.members.map(({ session }) => session.end()));
  }

  async end(keep: boolean): Promise<void> {
    await this.hush();
    await Promise.all(this.machines().map((machine) => machine.stop()));
    process.off("exit", this.endAll);
    if (!keep) rmSync(this.folder, { recursive: true, force: true });
  }

  private async start(): Promise<void> {
    await this.relay.restart();
    await Promise.all(AGENTS.map((name) => this.daemons[name].restart()));
    await Promise.all(AGENTS.map((name) => this.createAgent(name)));
    await this.befriend();
    // One after the other, so that each gets the label of its number.
    for (const { machine, session } of this.members) {
      await machine.restart();
      await session.attached();
    }
    const peers = [...this.addresses.values()];
    for (const { session } of this.members) session.read(peers);
  }

  private async createAgent(name: AgentName): Promise<void> {
    const bridge = await this.setupBridge(name);
    const { created } = (await bridge.call("wallet_create", { name })) as {
      created: { address: string };
    };
    this.addresses.set(name, created.address);
    await bridge.close();
  }

  private async befriend(): Promise<void> {
    const address = (name: AgentName) => this.addresses.get(name) as string;
    const [a, b] = [await this.setupBridge("a", "a"), await this.setupBridge("b", "b")];
    await a.call("contact_add", { to: address("b") });
    const { accepted } = await b.call("contact_accept", { from: address("a") });
    if (!accepted) throw new Error("the two agents did not become contacts");
    await Promise.all([a.close(), b.close()]);
  }

  private setupBridge(name: AgentName, wallet?: string) {
    const env = wallet ? { TINYPLACE_ACTIVE_WALLET: wallet, TINYPLACE_SESSION_LABEL: "setup" } : {};
    return connectBridge(this.home(name), { env, program: this.options.program });
  }

  private member(agent: AgentName, number: number, events: MachineEvents): Member {
    const { tally, random } = this.options;
    const name = `${agent}${number}`;
    const session = new Session({ name, label: `claude:${number}`, tally, random });
    const launch = (env: Record<string, string>) => this.launchBridge(agent, session, env);
    return { agent, session, machine: new Machine(`bridge ${name}`, launch, events) };
  }

  private home(name: AgentName): string {
    return join(this.folder, name);
  }

  private async launchRelay(env: Record<string, string>): Promise<Running> {
    this.relayPort ||= await freePort(this.options.random);
    const store = `sqlite:${join(this.folder, "relay.db")}`;
    const words = ["relay", "--listen", `127.0.0.1:${this.relayPort}`, "--store", store];
    const program = await startProgram<{ url: string }>(words, {
      env,
      program: this.options.program,
    });
    this.relayUrl ||= (await this.options.relayBehind?.(program.ready.url)) ?? program.ready.url;
    return running(program);
  }

  private async launchDaemon(name: AgentName, env: Record<string, string>): Promise<Running> {
    mkdirSync(this.home(name), { recursive: true });
    const words = ["daemon", "--home", this.home(name)];
    const program = await startProgram(words, {
      env: { ...env, TINYPLACE_API_URL: this.relayUrl },
      program: asDaemon(this.options.program),
    });
    return running(program);
  }

  private async launchBridge(
    agent: AgentName,
    session: Session,
    env: Record<string, string>,
  ): Promise<Running> {
    const bridge = await connectBridge(this.home(agent), {
      env: { ...env, TINYPLACE_ACTIVE_WALLET: agent, CLAUDE_CODE_SESSION_ID: session.name },
      program: this.options.program,
    });
    session.connected(bridge);
    return {
      pid: bridge.pid,
      kill: () => bridge.kill(),
      end: () => void bridge.close(),
      ended: bridge.ended,
    };
  }

  /** Tells a session that its bridge was ended, then the harness. */
  private events(): MachineEvents {
    const { events } = this.options;
    return {
      ...events,
      ended: (machine, failpoint) => {
        for (const member of this.members) {
          if (member.machine === machine) member.session.disturbed();
        }
        events.ended(machine, failpoint);
      },
    };
  }
}

function running(started: {
  readonly child: { readonly pid?: number | undefined };
  stop(signal: "SIGKILL" | "SIGTERM"): Promise<unknown>;
  closed: Promise<unknown>;
  errors(): string;
}): Running {
  return {
    pid: started.child.pid ?? null,
    kill: () => void started.stop("SIGKILL"),
    end: () => void started.stop("SIGTERM"),
    ended: started.closed.then(() => started.errors()),
  };
}
