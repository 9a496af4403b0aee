import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../electron/platform/clock.ts";
import { HttpRelayTransport } from "../../electron/relay/client/http-transport.ts";
import { createSigner, type Signer } from "../../electron/relay/signing.ts";
import type { RelayEnvelope } from "../../electron/relay/transport.ts";
import type { Ledger } from "./ledger.ts";

/** Of a libsignal message with a text of 900 bytes. */
const BODY_BYTES = 1000;
const PAGE = 50;
const LONGEST_PAUSE_MS = 1000;

/**
 * One agent of a load run: the product's own relay client, as a daemon uses it. Bodies are random
 * bytes, since a relay cannot tell them from ciphertext.
 */
export class LoadAgent {
  readonly signer: Signer;
  private readonly client: HttpRelayTransport;
  private readonly ledger: Ledger;
  private readonly waiting: RelayEnvelope[] = [];
  private sending = false;
  private draining = false;
  private rung = false;
  private ended = false;

  constructor(seed: Uint8Array, relay: string, ledger: Ledger) {
    this.signer = createSigner(seed);
    this.client = new HttpRelayTransport(relay, this.signer, systemClock);
    this.ledger = ledger;
  }

  /** Contacts both ways, and the doorbell. Resolves when the doorbell rang first. */
  async join(peer: Signer): Promise<void> {
    await insist(() => this.client.requestContact(peer.cryptoId));
    await new Promise<void>((online) => {
      this.client.open({
        doorbell: () => this.drain(),
        state: (state) => state === "online" && online(),
      });
    });
  }

  send(id: string, to: Signer): void {
    this.waiting.push({
      id,
      from: this.signer.address,
      to: to.address,
      timestamp: new Date().toISOString(),
      deviceId: 1,
      type: "CIPHERTEXT",
      body: randomBytes(BODY_BYTES).toString("base64"),
      suite: "libsignal",
    });
    if (!this.sending) void this.offer();
  }

  /** Looks at the mailbox, now or after the look that is under way. */
  drain(): void {
    this.rung = true;
    if (!this.draining) void this.fetch();
  }

  async close(): Promise<void> {
    this.ended = true;
    await this.client.close();
  }

  /** In order, again and again, until each was accepted: as the outbox does. */
  private async offer(): Promise<void> {
    this.sending = true;
    for (let failures = 0; this.waiting.length > 0 && !this.ended; ) {
      const batch = this.waiting.slice(0, PAGE);
      const outcomes = await this.client.put(batch).catch(() => []);
      const refused = outcomes.findIndex((one) => !one.accepted);
      const accepted = refused < 0 ? outcomes.length : refused;
      for (const { id } of batch.slice(0, accepted)) this.ledger.accept(id);
      this.waiting.splice(0, accepted);
      failures = accepted > 0 ? 0 : failures + 1;
      if (failures > 0) await pause(Math.min(LONGEST_PAUSE_MS, 25 * 2 ** failures));
    }
    this.sending = false;
  }

  private async fetch(): Promise<void> {
    this.draining = true;
    while (this.rung && !this.ended) {
      this.rung = false;
      try {
        while (await this.fetchPage());
      } catch {
        // The relay is away; when it is back the doorbell rings, or the run looks once more.
      }
    }
    this.draining = false;
  }

  /** True when there may be more. */
  private async fetchPage(): Promise<boolean> {
    const { envelopes } = await this.client.list(PAGE);
    const ids = envelopes.map((one) => one.id);
    if (ids.length === 0) return false;
    this.ledger.page(ids, performance.now());
    await this.client.acknowledge(ids);
    this.ledger.remove(ids);
    return ids.length === PAGE;
  }
}

async function insist<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (attempt === 10) throw error;
      await pause(200);
    }
  }
}
