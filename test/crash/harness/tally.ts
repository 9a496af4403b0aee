/** What is counted, at tool results alone. */
export interface Counts {
  /** Messages that were sent: `send` said so, or they arrived. */
  readonly sent: number;
  readonly delivered: number;
  /** `send` said so, nothing is under way any more, and no session was given it. */
  readonly lost: number;
  /** Given again without the mark `redelivered`, or marked with no reason for it. */
  readonly duplicated: number;
  /** Given to a session after a later one from the same sender's session. */
  readonly out_of_order: number;
  /** Still under way when the patience ended. */
  readonly stuck: number;
}

interface Sent {
  readonly from: string;
  readonly to: string;
  readonly number: number;
  readonly body: string;
  /** What `send` returned; null while it returned nothing. */
  id: string | null;
  /** Null: not arrived. */
  first: Offer | null;
  givenUp: "lost" | "stuck" | null;
}

/**
 * The call that brought a message. `broken` counts how often the receiving session's bridge was ended
 * until its beginning and until its result; `at` is the result's time, in ms.
 */
export interface Offer {
  readonly brokenBefore: number;
  readonly brokenAfter: number;
  readonly at: number;
}

/** A message as a tool returned it. */
export interface Received {
  readonly id: string;
  readonly text: string;
  readonly redelivered: boolean;
  /** Sent again by a repair: it may come after later ones. */
  readonly late: boolean;
}

/**
 * The judge. Every attempt to send is registered before it is made; one that got no answer may have
 * happened or not, so it is judged for order and repetition alone.
 */
export class Tally {
  /** What is wrong besides the counts, in words. */
  readonly problems: string[] = [];
  private readonly all = new Map<string, Sent>();
  private readonly numbers = new Map<string, number>();
  private readonly newest = new Map<string, number>();
  private readonly waiters = new Set<() => void>();
  private waitingFor = 0;
  private duplicated = 0;
  private outOfOrder = 0;
  private lastProgress = 0;

  /** The body of the sender session's next message: it says whose it is, for whom, and its number. */
  attempt(from: string, to: string, padding: number): string {
    const number = (this.numbers.get(from) ?? 0) + 1;
    this.numbers.set(from, number);
    const body = `${from}>${to} ${number} ${"x".repeat(padding)}`;
    this.all.set(body, { from, to, number, body, id: null, first: null, givenUp: null });
    return body;
  }

  /** `send` answered: from now on the message has to arrive. */
  accepted(body: string, id: string): void {
    const sent = this.all.get(body);
    if (!sent) throw new Error(`"${body.slice(0, 40)}" was never attempted`);
    sent.id = id;
    if (sent.first === null) this.waitingFor++;
  }

  received(session: string, message: Received, offer: Offer): void {
    const sent = this.all.get(message.text);
    if (!sent || sent.to !== session) {
      this.problems.push(`${session} was given "${message.text.slice(0, 60)}" (${message.id})`);
      return;
    }
    if (sent.id !== null && sent.id !== message.id) {
      this.problems.push(`${describe(sent)} arrived under the id ${message.id}`);
    }
    this.lastProgress = offer.at;
    if (sent.first) this.receivedAgain(sent, sent.first, message, offer);
    else this.receivedFirst(sent, message, offer);
  }

  /** Accepted messages that did not arrive: whose, under which id, and in words. */
  outstanding(): readonly { from: string; id: string; words: string }[] {
    return this.missing().map((one) => ({
      from: one.from,
      id: one.id as string,
      words: describe(one),
    }));
  }

  /** Resolves true when everything accepted has arrived, false when nothing came for `patience` ms. */
  async drained(patience: number): Promise<boolean> {
    this.lastProgress = performance.now();
    while (this.waitingFor > 0) {
      const left = this.lastProgress + patience - performance.now();
      if (left <= 0) return false;
      await this.next(left);
    }
    return true;
  }

  /** Closes the books on what did not arrive. */
  giveUp(as: "lost" | "stuck"): void {
    for (const sent of this.missing()) sent.givenUp = as;
    this.waitingFor = 0;
  }

  counts(): Counts {
    const all = [...this.all.values()];
    const count = (test: (one: Sent) => boolean) => all.filter(test).length;
    return {
      sent: count((one) => one.id !== null || one.first !== null),
      delivered: count((one) => one.first !== null),
      lost: count((one) => one.first === null && one.givenUp === "lost"),
      duplicated: this.duplicated,
      out_of_order: this.outOfOrder,
      stuck: count((one) => one.first === null && one.givenUp === "stuck"),
    };
  }

  private missing(): Sent[] {
    return [...this.all.values()].filter(
      (one) => one.id !== null && one.first === null && one.givenUp === null,
    );
  }

  private receivedFirst(sent: Sent, message: Received, offer: Offer): void {
    sent.first = offer;
    if (sent.id !== null && sent.givenUp === null) this.waitingFor--;
    const flow = `${sent.from}>${sent.to}`;
    const newest = this.newest.get(flow) ?? 0;
    if (sent.number > newest) this.newest.set(flow, sent.number);
    else if (!message.late) {
      this.outOfOrder++;
      this.problems.push(`${describe(sent)} arrived after number ${newest}`);
    }
    for (const wake of this.waiters) wake();
  }

  private receivedAgain(sent: Sent, first: Offer, message: Received, offer: Offer): void {
    const broken = offer.brokenAfter > first.brokenBefore;
    if (message.redelivered && broken) return;
    this.duplicated++;
    const why = message.redelivered ? "with nothing broken in between" : "without a mark";
    this.problems.push(`${describe(sent)} was given again ${why}`);
  }

  private next(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiters.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.waiters.add(wake);
    });
  }
}

function describe(sent: Sent): string {
  return `${sent.from}>${sent.to} number ${sent.number} (${sent.id ?? "send had no answer"})`;
}
