import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { type Installation, RelayClient } from "../client/relay-client.ts";
import type { Answer, Doorbell, RelayWire } from "../client/relay-wire.ts";
import type { Signer } from "../signing.ts";
import type { RelayListener } from "../transport.ts";
import type { Method } from "../wire.ts";
import type { LocalBells } from "./local-bells.ts";
import type { LocalRoutes } from "./local-routes.ts";

interface LocalParts {
  /** Where others reach the relay. */
  readonly url: string;
  readonly routes: LocalRoutes;
  readonly bells: LocalBells;
  readonly agent: Pick<Signer, "address" | "cryptoId">;
  readonly installation: Installation | null;
}

/** The way of an agent to the relay of its own process. */
export class LocalRelayTransport extends RelayClient {
  constructor({ url, routes, bells, agent, installation }: LocalParts) {
    super({
      wire: new LocalWire(url, routes, agent.cryptoId),
      doorbell: new LocalDoorbell(bells, agent.cryptoId),
      ...{ agent, installation },
    });
  }
}

class LocalWire implements RelayWire {
  readonly url: string;
  private readonly routes: LocalRoutes;
  private readonly agent: string;
  /** None rejects. */
  private readonly underWay = new Set<Promise<Answer>>();
  private closed = false;

  constructor(url: string, routes: LocalRoutes, agent: string) {
    this.url = url;
    this.routes = routes;
    this.agent = agent;
  }

  async send(method: Method, uri: string, body?: unknown): Promise<Answer> {
    if (this.closed) throw hasLeft();
    const asked = this.routes.ask(this.agent, method, uri, body);
    this.underWay.add(asked);
    try {
      const answer = await asked;
      // As over a network: whoever left hears nothing more, and must not go on with it.
      if (this.closed) throw hasLeft();
      return answer;
    } finally {
      this.underWay.delete(asked);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.underWay);
  }
}

function hasLeft(): TinyplaceError {
  return new TinyplaceError(
    "relay_unreachable",
    "This agent has left the relay of this data folder.",
    "Messages wait and go out at the relay that it uses now.",
  );
}

class LocalDoorbell implements Doorbell {
  private readonly bells: LocalBells;
  private readonly agent: string;
  private unhang: (() => void) | null = null;
  private closed = false;

  constructor(bells: LocalBells, agent: string) {
    this.bells = bells;
    this.agent = agent;
  }

  open(listener: RelayListener): void {
    if (this.unhang || this.closed) return;
    this.unhang = this.bells.hang(this.agent, listener);
    listener.state("connecting", null);
    // As a connection would be: never while whoever opens it is still at it.
    setImmediate(() => {
      if (this.closed) return;
      listener.state("online", null);
      // Mail may have come while nobody could ring.
      listener.doorbell(null);
    });
  }

  close(): void {
    this.closed = true;
    this.unhang?.();
  }
}
