import { TinyplaceError } from "../../shared/errors/errors.ts";
import { requireCryptoId } from "../../shared/model/address.ts";
import { requireHandle } from "../../shared/model/handle.ts";
import type { HandleChange } from "../../shared/model/snapshot.ts";
import type { Timers } from "../../shared/pacing/timers.ts";
import type { Clock } from "../platform/clock.ts";
import type { RelayTransport } from "../relay/transport.ts";
import { noteActivity } from "../vault/activity-table.ts";
import {
  changedPins,
  decidePin,
  type HandlePin,
  notePin,
  ownHandles,
  pinOf,
  setOwnHandles,
} from "../vault/handle-table.ts";
import type { Vault } from "../vault/vault.ts";
import type { Identity } from "./identity.ts";

/** A relay that takes longer counts as away, in ms: a pinned handle needs no answer. */
const LOOK_UP_MS = 5_000;

interface DirectoryParts {
  readonly identity: Identity;
  readonly vault: Vault;
  readonly relay: RelayTransport;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Own handles changed, or an alarm began or ended. */
  readonly changed: () => void;
}

/** Names, as one agent knows them: what a handle means, and which handles are its own (rule C2). */
export class Directory {
  private readonly parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.parts = parts;
  }

  /**
   * The cryptoId of a @handle, cryptoId or base64 key. A handle's first meaning is kept; when the
   * directory names another one later, this throws `handle_changed` until a person decides. Throws
   * `handle_unknown`, `peer_unknown`, or `relay_unreachable` for a handle never seen before.
   */
  async resolve(to: string): Promise<string> {
    if (!to.startsWith("@")) return requireCryptoId(to);
    const handle = requireHandle(to);
    const { vault, clock } = this.parts;
    const before = pinOf(vault, handle);
    if (before?.changedTo) throw this.changedError(before);
    const found = await this.lookUp(handle, before);
    if (found === before?.cryptoId) return found;
    const pin = await vault.write(() => {
      const at = clock.now();
      const noted = notePin(vault, handle, found, at);
      if (noted.changedTo) noteActivity(vault, { at, kind: "handle_changed", peer: handle });
      return noted;
    });
    if (!pin.changedTo) return pin.cryptoId;
    this.parts.changed();
    throw this.changedError(pin);
  }

  /** Takes a handle for this agent. Throws `handle_taken`, `relay_refused`, `relay_unreachable`. */
  async claim(text: string): Promise<void> {
    const handle = requireHandle(text);
    const { vault, relay, clock, identity } = this.parts;
    await relay.claimHandle(handle);
    await vault.write(() => decidePin(vault, handle, identity.cryptoId, clock.now()));
    await this.refresh();
  }

  /** Gives a handle back. Throws `handle_unknown` when it is not this agent's. */
  async release(text: string): Promise<void> {
    await this.parts.relay.releaseHandle(requireHandle(text));
    await this.refresh();
  }

  /**
   * A person's decision after an alarm: the handle means this cryptoId, which is the one it had or the
   * one it changed to. Throws `bad_request` for any other.
   */
  async decide(text: string, to: string): Promise<void> {
    const handle = requireHandle(text);
    const cryptoId = requireCryptoId(to);
    const { vault, clock } = this.parts;
    const pin = pinOf(vault, handle);
    if (!pin?.changedTo) {
      throw new TinyplaceError(
        "bad_request",
        `Nothing is to be decided about ${handle}.`,
        "`tinyplace status` names the handles that changed.",
      );
    }
    if (cryptoId !== pin.cryptoId && cryptoId !== pin.changedTo) {
      throw new TinyplaceError(
        "bad_request",
        `${handle} stood for ${pin.cryptoId} and now stands for ${pin.changedTo}.`,
        "Name one of these two.",
      );
    }
    await vault.write(() => decidePin(vault, handle, cryptoId, clock.now()));
    this.parts.changed();
  }

  /** Asks the relay which handles are this agent's. */
  async refresh(): Promise<void> {
    const { vault, relay, identity } = this.parts;
    const handles = await relay.handlesOf(identity.cryptoId);
    if (JSON.stringify(handles) === JSON.stringify(ownHandles(vault))) return;
    await vault.write(() => setOwnHandles(vault, handles));
    this.parts.changed();
  }

  /** The oldest of this agent's handles, its name for others; null without one. */
  own(): string | null {
    return ownHandles(this.parts.vault)[0] ?? null;
  }

  /** Handles to which nothing is sent until a person decides. */
  alarms(): HandleChange[] {
    return changedPins(this.parts.vault).map((pin) => ({
      handle: pin.handle,
      before: pin.cryptoId,
      now: pin.changedTo as string,
      at: new Date(pin.changedAt as number).toISOString(),
    }));
  }

  private async lookUp(handle: string, pin: HandlePin | null): Promise<string> {
    let found: string | null;
    try {
      found = await this.inTime(this.parts.relay.resolveHandle(handle));
    } catch (error) {
      const away = error instanceof TinyplaceError && error.code === "relay_unreachable";
      // Mail waits for the relay in any case, and what the handle means is known.
      if (away && pin) return pin.cryptoId;
      throw error;
    }
    if (found !== null) return found;
    const before = pin ? ` It used to stand for ${pin.cryptoId}.` : "";
    throw new TinyplaceError(
      "handle_unknown",
      `The relay's directory knows no ${handle}.${before}`,
      "Check the spelling, or use the agent's cryptoId: its `whoami` shows it as address.",
    );
  }

  private inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { timers, relay } = this.parts;
      const cancel = timers.after(LOOK_UP_MS, () =>
        reject(
          new TinyplaceError(
            "relay_unreachable",
            `The relay ${relay.url} did not say in time whom this handle means.`,
            "Try again later, or use the agent's cryptoId.",
          ),
        ),
      );
      answer.then(resolve, reject).finally(cancel);
    });
  }

  private changedError({ handle, cryptoId, changedTo }: HandlePin): TinyplaceError {
    return new TinyplaceError(
      "handle_changed",
      `${handle} stood for ${cryptoId}, and the directory now says ${changedTo}: another agent answers to this name. Nothing was sent.`,
      `A person has to find out which is right, then run: tinyplace handle accept ${handle} CRYPTO_ID --wallet ${JSON.stringify(this.parts.identity.name)}. Do not use the new address unless they say so.`,
    );
  }
}
