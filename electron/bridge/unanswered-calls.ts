import type { PersonAsk } from "../../shared/protocol/person-calls.ts";
import type { CallParams } from "../../shared/protocol/protocol.ts";
import type { AuthorizedCall } from "./session-host.ts";

type Looks<Params> = string | null | ((params: Params) => string | null);

const AT_AGENTS = "Look with `tinyplace agents` before you repeat it:";
const AT_UNROUTED =
  "Look with `tinyplace unrouted`, and with `--discarded`, before you repeat it: what changed its place was done.";

/** Of what a person asks; null as in `LOOKS`. */
const ASK_LOOKS: { readonly [N in PersonAsk]: string | null } = {
  "agent.create": `${AT_AGENTS} an agent of this name that is there now was created by this call.`,
  "agent.move-here": null,
  "agent.pause": null,
  "agent.policy": null,
  "holds.list": null,
  "hold.assign": AT_UNROUTED,
  "hold.discard": AT_UNROUTED,
  "hold.undiscard": AT_UNROUTED,
  "discarded.list": null,
  "redirect.set": null,
  "redirect.remove": null,
  // It carries the message's id.
  "composer.send": null,
  "contacts.list": null,
  "contact.add": null,
  "contact.accept": null,
  "contact.remove": null,
  "contact.block": null,
  "contact.safety": null,
  "contact.verify": null,
  "settings.get": null,
  "relay.use": null,
};

/**
 * Where to look before a call is made again. Null: made twice it does what it does once, and says the
 * same; what was handed out unconfirmed is handed out again.
 */
const LOOKS: { readonly [N in AuthorizedCall]: Looks<CallParams<N>> } = {
  handover: null,
  attach: null,
  "attach.sender": null,
  "attach.assigned": null,
  "wallet.create":
    "Call `wallet_list` before you repeat it: a wallet of this name that is there now was created by this call, so `use` it.",
  "wallet.list": null,
  whoami: null,
  sessions: null,
  // It carries the message's id.
  send: null,
  "message.status": null,
  "message.cancel": "Call `status` with the message's id: it says whether it was taken back.",
  inbox: null,
  "reply.check": null,
  "reply.await": null,
  confirm: null,
  "contact.add": null,
  "contact.accept": null,
  "contact.remove": null,
  "contact.block": null,
  "contact.requests": null,
  "contact.list": null,
  "assignment.set": null,
  "assignment.clear": "Call `assignments`: what is not listed any more was cleared.",
  "assignment.list": null,
  "holds.list": ({ claim }) =>
    claim.length === 0
      ? null
      : "Call `unrouted` without claim: what is not listed any more was claimed, and is in `inbox`.",
  "mail.search": null,
  "session.reset":
    "Call `reset_session` again if it matters: `hadSession` is false then where it was done.",
  "handle.claim": null,
  "handle.release": "Look with `tinyplace status`: a handle that is not named was given back.",
  "handle.accept": "Look with `tinyplace status`: a handle that needs no word now was decided.",
  "person.ask": ({ call }) => ASK_LOOKS[call],
  "person.resolve": null,
  "person.unread": null,
  "person.take": null,
  "person.taken": null,
  "person.follow": null,
  "vault.passphrase": ({ action }) =>
    action === "unlock" || action === "lock"
      ? null
      : "Try which passphrase the vault has now, with `tinyplace passphrase change`.",
  hook: null,
  "hook.wait": null,
  "hook.written": null,
  "push.written": null,
  autorespond: null,
  // Its id was settled when it was asked for.
  "answer.send": null,
  "import.plugin": ({ dryRun }) =>
    dryRun
      ? null
      : "Look with `tinyplace import --dry-run`: it names what was not taken. Taking it again doubles nothing.",
  "agent.export":
    "Look for the file: it is written whole or not at all. One that is there now is the backup.",
  "agent.restore": `${AT_AGENTS} the agent is listed if it was restored. Where it lives says \`tinyplace status\`.`,
  "agent.losses": null,
  "agent.delete": `${AT_AGENTS} the agent is not listed any more if it was deleted.`,
  "permission.asked": null,
  "reach.check": null,
  "check.answered": null,
  status: null,
};

/**
 * What is said of a call that was made of a host and not answered, since the host went away: where to
 * look for whether it was done. Null for one that may simply be made again, of the next host.
 */
export function whereToLook<N extends AuthorizedCall>(
  name: N,
  params: CallParams<N>,
): string | null {
  const looks: Looks<CallParams<N>> = LOOKS[name];
  return typeof looks === "function" ? looks(params) : looks;
}
