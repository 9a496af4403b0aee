import { z } from "zod";
import { LABEL_SHAPE } from "../labels/labels.ts";
import { lazily } from "../lazily.ts";
import { relayChoice } from "../model/relay-choice.ts";

const nothing = z.object({}).strict();
const policy = z.enum(["primary", "broadcast", "drop"]);
const label = z.string().regex(LABEL_SHAPE);
/** What a person is told of one agent; all of it where nothing is set. */
export const told = z.enum(["everything", "alarms", "nothing"]);
export type Told = z.infer<typeof told>;
const preferences = z.object({
  startAtLogin: z.boolean(),
  notifications: z.boolean(),
  /** By cryptoId. */
  told: z.record(z.string(), told),
});

/** What a person sets, of the host and of the desktop in front of it. */
export const settingsCalls = {
  "settings.get": lazily({
    request: () => nothing,
    response: () =>
      z.object({
        ownContacts: z.boolean(),
        relay: relayChoice.extend({
          embedded: z.boolean(),
          bytes: z.number().nullable(),
        }),
        agents: z.array(
          z.object({
            agentId: z.string(),
            policy,
            /** TINYPLACE_UNROUTED_POLICY stands before what is set here. */
            policyForced: z.boolean(),
            redirects: z.array(z.object({ from: label, to: label })),
            vaultBytes: z.number(),
          }),
        ),
      }),
  }),
  /** The relay of all agents here; null is the one that is part of this application. */
  "relay.use": lazily({
    request: () => z.object({ url: z.string().max(1024).nullable() }).strict(),
    response: () => relayChoice,
  }),
  "relay.publish": lazily({
    request: () => z.object({ publishesForAll: z.boolean() }).strict(),
    response: () => relayChoice,
  }),
  "agent.policy": lazily({
    request: () => z.object({ agentId: z.string(), policy }).strict(),
    response: () => nothing,
  }),
  "agent.pause": lazily({
    request: () => z.object({ agentId: z.string(), paused: z.boolean() }).strict(),
    response: () => nothing,
  }),
  /** Whether own agents here become contacts of each other by themselves. */
  "host.own-contacts": lazily({
    request: () => z.object({ on: z.boolean() }).strict(),
    response: () => nothing,
  }),
  /** Opens a vault with its passphrase, which is kept nowhere and said to nobody. */
  "agent.unlock": lazily({
    request: () =>
      z.object({ agentId: z.string(), passphrase: z.string().min(1).max(4096) }).strict(),
    response: () => nothing,
  }),
  /** Closes it again; its sessions end. For a vault under a passphrase. */
  "agent.lock": lazily({
    request: () => z.object({ agentId: z.string() }).strict(),
    response: () => nothing,
  }),
  "desktop.preferences": lazily({ request: () => nothing, response: () => preferences }),
  "desktop.prefer": lazily({
    request: () => preferences.partial().strict(),
    response: () => preferences,
  }),
} as const;
