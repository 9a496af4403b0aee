import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { Place } from "../../../shared/model/assignment-scope.ts";
import type { Carried } from "../../../shared/protocol/hook-calls.ts";
import type {
  CallParams,
  CallResult,
  Handed,
  NotificationParams,
} from "../../../shared/protocol/protocol.ts";
import type { HomePaths } from "../../platform/paths.ts";
import type { OwnerWays } from "../owner-seeker.ts";
import { ReconnectingClient } from "../reconnecting-client.ts";
import type { HostClient } from "../socket-client.ts";

/** What the environment says about the session (rule S5). */
export interface SessionEnvironment {
  readonly wallet: string | null;
  readonly label: string | null;
  readonly harnessSessionId: string | null;
  readonly project: string | null;
  readonly cwd: string;
  readonly pid: number;
  /** A responder's child proves itself with it; its bridge sends that answer and is no session (S4). */
  readonly answer: string | null;
}

export function sessionEnvironment(env: NodeJS.ProcessEnv): SessionEnvironment {
  return {
    wallet: env.TINYPLACE_ACTIVE_WALLET || null,
    label: env.TINYPLACE_SESSION_LABEL || null,
    harnessSessionId: env.CLAUDE_CODE_SESSION_ID || null,
    project: env.CLAUDE_PROJECT_DIR || null,
    cwd: env.CLAUDE_PROJECT_DIR || process.cwd(),
    pid: process.ppid,
    answer: env.TINYPLACE_ANSWER || null,
  };
}

/** The place that a session takes; a label that is not pinned gives way to another. */
interface Wanted {
  readonly wallet: string;
  readonly label: string | null;
  readonly pinned: boolean;
}

/** Of what a host is not known to know: what is older is offered again, marked so. */
const MAX_REMEMBERED = 1_000;

function remember<T>(all: Set<T>, one: T): void {
  all.add(one);
  const [oldest] = all;
  if (all.size > MAX_REMEMBERED && oldest !== undefined) all.delete(oldest);
}

/** The bridge's session: which wallet it uses, and how it takes its place again after a restart. */
export class BridgeSession {
  /** Where the host's pushes go. */
  onPush: (push: NotificationParams<"push">, client: HostClient) => void = () => undefined;
  /** Where the person's answers to permission prompts go. */
  onAnswer: (answer: NotificationParams<"permission.answer">) => void = () => undefined;
  /** Asks the harness for a sign of life. */
  onCheck: () => Promise<void> = async () => undefined;
  private surroundings: SessionEnvironment;
  readonly client: ReconnectingClient;
  private wanted: Wanted | null;
  private problem: TinyplaceError | null = null;
  /** Settles when the model's last `use` has, one way or the other. */
  private using: Promise<unknown> = Promise.resolve();
  /** What was written to the client and no host is known to know of. */
  private readonly handed = new Set<Handed>();
  private readonly pushed = new Set<Carried>();

  constructor(paths: HomePaths, environment: SessionEnvironment, ways: OwnerWays) {
    this.surroundings = environment;
    const { wallet, label } = environment;
    this.wanted = wallet === null ? null : { wallet, label, pinned: label !== null };
    this.client = new ReconnectingClient(paths, ways, (client) => this.takePlace(client));
  }

  get environment(): SessionEnvironment {
    return this.surroundings;
  }

  /** What assignments go by. */
  get place(): Place {
    const { harnessSessionId, project } = this.environment;
    return { harnessSessionId, project };
  }

  /** Why the wallet of the environment, or the assigned one, could not be used; null once it could. */
  get attachProblem(): TinyplaceError | null {
    return this.problem;
  }

  use(wallet: string, label: string | null): Promise<CallResult<"attach">> {
    const using = this.attachTo(wallet, label);
    this.using = using.catch(() => undefined);
    return using;
  }

  private async attachTo(wallet: string, label: string | null): Promise<CallResult<"attach">> {
    const pinned = label !== null || this.environment.label !== null;
    const wanted = { wallet, label: label ?? this.environment.label, pinned };
    const attached = await this.telling((written) =>
      this.client.call("attach", { ...this.params(wanted), written }),
    );
    this.keep({ wallet, label: attached.label, pinned });
    return attached;
  }

  /**
   * The client has these: they are read. A host that goes away before it answers leaves them to the
   * next, which is told of them when the session takes its place again, before it can offer them.
   */
  async confirm(handed: Handed): Promise<void> {
    remember(this.handed, handed);
    await this.client.call("confirm", handed);
    this.handed.delete(handed);
  }

  /** The client has what a push carried; the same holds for it. */
  async pushWritten(carried: Carried): Promise<void> {
    remember(this.pushed, carried);
    await this.client.call("push.written", { carried });
    this.pushed.delete(carried);
  }

  private async takePlace(client: HostClient): Promise<void> {
    if (this.environment.answer !== null) return;
    client.on("push", (push) => this.onPush(push, client));
    client.on("permission.answer", (answer) => this.onAnswer(answer));
    client.on("check", ({ mark }) => {
      // No answer says enough.
      this.onCheck()
        .then(() => client.call("check.answered", { mark }))
        .catch(() => undefined);
    });
    client.on("rebound", ({ harnessSessionId }) => {
      this.surroundings = { ...this.surroundings, harnessSessionId };
    });
    let taking = this.take(client);
    // What kept its agent shut may have passed: a passphrase was given, a keychain opened.
    client.on("agent.opened", () => {
      taking = taking.then(() => this.takeAgain(client));
    });
    await taking;
  }

  /** Where there is a place to take and it could not be taken. The model's own choice comes first. */
  private async takeAgain(client: HostClient): Promise<void> {
    await this.using;
    if (this.problem !== null && client.isOpen) await this.take(client);
  }

  private async take(client: HostClient): Promise<void> {
    const { wanted } = this;
    // The model may have chosen another wallet meanwhile.
    const stands = () => this.wanted === wanted;
    try {
      const taken = wanted
        ? await this.takeWanted(client, wanted)
        : await this.takeAssigned(client);
      if (stands()) this.keep(taken);
    } catch (error) {
      if (error instanceof TinyplaceError && stands()) this.problem = error;
    }
  }

  private async takeWanted(client: HostClient, wanted: Wanted): Promise<Wanted> {
    const { label } = await this.telling((written) =>
      client.call("attach", { ...this.params(wanted), written }),
    );
    return { ...wanted, label };
  }

  /** Null where none is assigned. */
  private async takeAssigned(client: HostClient): Promise<Wanted | null> {
    const { label, harnessSessionId, project, cwd, pid } = this.environment;
    const pinned = label !== null;
    const params = { label, pinned, harnessSessionId, project, cwd, pid };
    const attached = await this.telling(
      async (written) => (await client.call("attach.assigned", { ...params, written })).attached,
    );
    return attached && { wallet: attached.active.name, label: attached.label, pinned };
  }

  /** The host that has attached this session knows what was written of that agent's mail. */
  private async telling<Attached extends CallResult<"attach"> | null>(
    attach: (written: CallParams<"attach">["written"]) => Promise<Attached>,
  ): Promise<Attached> {
    const written = { handed: [...this.handed], pushed: [...this.pushed] };
    const attached = await attach(written);
    if (attached === null) return attached;
    const { address } = attached.active;
    for (const handed of written.handed) if (handed.agent === address) this.handed.delete(handed);
    for (const carried of written.pushed)
      if (carried.agent === address) this.pushed.delete(carried);
    return attached;
  }

  private keep(taken: Wanted | null): void {
    this.problem = null;
    this.wanted = taken;
  }

  private params(wanted: Wanted): CallParams<"attach"> {
    const { harnessSessionId, cwd, pid } = this.environment;
    return { ...wanted, harnessSessionId, cwd, pid };
  }
}
