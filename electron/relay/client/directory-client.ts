import { z } from "zod";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { cryptoIdOf, publicKeyOf } from "../../../shared/model/address.ts";
import {
  type Answer,
  errorText,
  expectAnswer,
  type RelayWire,
  readAnswer,
  refused,
} from "./relay-wire.ts";

const named = z.looseObject({
  cryptoId: z.string().nullish(),
  agentId: z.string().nullish(),
  publicKey: z.string().nullish(),
  metadata: z.looseObject({ encryptionPublicKey: z.string().nullish() }).nullish(),
});
const resolution = z.object({ identity: named.nullish(), agent: named.nullish() });
const reversed = z.object({
  identities: z.array(z.looseObject({ username: z.string() })).nullish(),
});

/** The directory's part of the wire API (network.md part 1, section 7), and claims, which are ours. */
export class DirectoryClient {
  private readonly wire: RelayWire;

  constructor(wire: RelayWire) {
    this.wire = wire;
  }

  async resolve(handle: string): Promise<string | null> {
    const answer = await this.wire.send("GET", `/directory/resolve/${encodeURIComponent(handle)}`);
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw refused(answer);
    return cryptoIdIn(readAnswer(resolution, answer));
  }

  async handlesOf(cryptoId: string): Promise<string[]> {
    const answer = await expectAnswer(this.wire, reversed, "GET", `/directory/reverse/${cryptoId}`);
    return (answer.identities ?? []).map((one) => one.username);
  }

  async claim(handle: string): Promise<void> {
    const answer = await this.wire.send("PUT", path(handle));
    if (answer.status !== 200) throw refusedClaim(handle, answer);
  }

  async release(handle: string): Promise<void> {
    const answer = await this.wire.send("DELETE", path(handle));
    if (answer.status === 204) return;
    if (errorText(answer) !== "not a handle of this agent") throw refused(answer);
    throw new TinyplaceError(
      "handle_unknown",
      `${handle} is not a handle of this agent.`,
      "`tinyplace status` names each agent's handles.",
    );
  }
}

function path(handle: string): string {
  return `/directory/handles/${encodeURIComponent(handle)}`;
}

/** The key that mail to the handle is encrypted for, in the network's order of preference. */
function cryptoIdIn({ identity, agent }: z.infer<typeof resolution>): string {
  const forms = [
    agent?.metadata?.encryptionPublicKey,
    agent?.publicKey,
    identity?.publicKey,
    identity?.cryptoId,
    agent?.cryptoId,
    agent?.agentId,
  ];
  for (const form of forms) {
    const key = form ? publicKeyOf(form) : null;
    if (key) return cryptoIdOf(key);
  }
  throw new TinyplaceError(
    "relay_refused",
    "The relay knows this handle, but names no key that it stands for.",
    "Ask the other side for its cryptoId and use that.",
  );
}

function refusedClaim(handle: string, answer: Answer): TinyplaceError {
  const text = errorText(answer);
  if (answer.status === 409) {
    return new TinyplaceError(
      "handle_taken",
      `${handle} is another agent's handle.`,
      "Claim another one.",
    );
  }
  if (text === "handle_limit") {
    return new TinyplaceError(
      "relay_refused",
      "This agent has as many handles as the relay allows.",
      "Give one back first: `tinyplace handle release @name --wallet NAME`.",
    );
  }
  if (answer.status === 404 || answer.status === 405) {
    return new TinyplaceError(
      "relay_refused",
      "This relay gives out no handles itself.",
      "Register the handle where that network registers names; it resolves here all the same.",
    );
  }
  return refused(answer);
}
