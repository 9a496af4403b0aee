import { expect } from "vitest";
import { type BridgeClient, type Daemon, startBridge, startDaemon } from "./processes.ts";
import type { Program } from "./programs.ts";
import { temporaryHome } from "./temporary-home.ts";
import { createWallet } from "./two-homes.ts";

interface Given {
  readonly text: string;
  readonly redelivered: boolean;
}

/** An agent in a data folder of its own, whose daemon is ended and started again. */
export class Side {
  readonly home = temporaryHome();
  readonly name: string;
  private readonly relay: string;
  private readonly program: Program;
  private daemon: Daemon | null = null;
  private cryptoId = "";

  private constructor(name: string, relay: string, program: Program) {
    this.name = name;
    this.relay = relay;
    this.program = program;
  }

  static async create(name: string, relay: string, program: Program): Promise<Side> {
    const side = new Side(name, relay, program);
    await side.up();
    const bridge = await startBridge(side.home, {}, program);
    side.cryptoId = await createWallet(bridge, name);
    await bridge.close();
    return side;
  }

  get address(): string {
    return this.cryptoId;
  }

  async up(env: Record<string, string> = {}): Promise<Daemon> {
    const all = { TINYPLACE_API_URL: this.relay, ...env };
    this.daemon = await startDaemon(this.home, all, [], this.program);
    return this.daemon;
  }

  async down(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await this.daemon?.stop(signal);
  }

  /** Runs the daemon until it dies at this failpoint. */
  async upUntil(failpoint: string): Promise<void> {
    const errors = await this.up({ TINYPLACE_FAILPOINT: failpoint }).then(
      async (daemon) => {
        await daemon.closed;
        return daemon.errors();
      },
      // It met the point before it could say that it is ready.
      (error: unknown) => String(error),
    );
    expect(errors).toContain(`failpoint ${failpoint.split(":")[0]}\n`);
  }

  session(id: string, env: Record<string, string> = {}): Promise<BridgeClient> {
    const own = { TINYPLACE_ACTIVE_WALLET: this.name, CLAUDE_CODE_SESSION_ID: id };
    return startBridge(this.home, { ...own, ...env }, this.program);
  }
}

/** The two become contacts, through the tools of a session of each. */
export async function befriend(a: Side, b: Side): Promise<void> {
  const [from, to] = [await a.session(`${a.name}-asks`), await b.session(`${b.name}-accepts`)];
  await from.call("contact_add", { to: b.address });
  expect(await to.call("contact_accept", { from: a.address })).toHaveProperty("accepted");
  await Promise.all([from.close(), to.close()]);
}

/** What a session is given, in that order: as many as are awaited, and whatever there is besides. */
export async function given(
  session: BridgeClient,
  from: string,
  count: number,
): Promise<readonly Given[]> {
  const all: Given[] = [];
  while (all.length < count) {
    const answer = await session.call("await_reply", { from, timeout_seconds: 50 });
    if (answer.code === "host_absent") continue;
    expect(answer).toHaveProperty("reply.text");
    all.push(answer.reply as Given);
    all.push(...(await rest(session)));
  }
  return all;
}

/** Everything that is unread now. */
export async function rest(session: BridgeClient): Promise<readonly Given[]> {
  const all: Given[] = [];
  for (;;) {
    const { messages } = await session.call("inbox");
    const some = messages as readonly Given[];
    if (some.length === 0) return all;
    all.push(...some);
  }
}

export const textsOf = (messages: readonly Given[]) => messages.map((one) => one.text);
