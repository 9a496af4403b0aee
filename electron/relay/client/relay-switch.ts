import type { RelayListener, RelayTransport } from "../transport.ts";

/**
 * One agent's way to the relay that is chosen, the one place where that is replaced. Whoever keeps
 * `relay` is always at the relay of now; of one that was left nothing is heard any more.
 */
export class RelaySwitch {
  readonly relay: RelayTransport;
  private current: RelayTransport;
  private listener: RelayListener | null = null;

  constructor(first: RelayTransport) {
    this.current = first;
    this.relay = new Proxy(first, { get: (_first, name) => this.member(name) });
  }

  /** What is under way fails as at a relay that does not answer, and so does all until `enter`. */
  leave(): Promise<void> {
    return this.current.close();
  }

  /** After `leave`, and when the work that it made fail has ended: none may meet two relays. */
  enter(next: RelayTransport): void {
    this.current = next;
    if (this.listener) next.open(this.heardOf(next, this.listener));
  }

  private member(name: string | symbol): unknown {
    if (name === "open") {
      return (listener: RelayListener) => {
        this.listener = listener;
        this.current.open(this.heardOf(this.current, listener));
      };
    }
    const value: unknown = Reflect.get(this.current, name);
    return typeof value === "function" ? value.bind(this.current) : value;
  }

  private heardOf(relay: RelayTransport, listener: RelayListener): RelayListener {
    const isCurrent = () => this.current === relay;
    return {
      doorbell: (...rung) => {
        if (isCurrent()) listener.doorbell(...rung);
      },
      state: (state, problem) => {
        if (isCurrent()) listener.state(state, problem);
      },
    };
  }
}
