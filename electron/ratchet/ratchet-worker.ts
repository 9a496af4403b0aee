import { type MessagePort, parentPort } from "node:worker_threads";
import { type ProtocolAddress, SessionRecord, SessionStore } from "@signalapp/libsignal-client";
import type { Ciphertext } from "./cipher.ts";
import type { RatchetNews, RatchetOrder } from "./ratchet-thread.ts";
import { SessionCipher } from "./session-cipher.ts";

/** The thread that ratchet-thread.ts makes: it answers batches, one after the other. */
const port = parentPort as MessagePort;
const tell = (news: RatchetNews) => port.postMessage(news);

/** The one session of a batch. */
class BatchSession extends SessionStore {
  private record: SessionRecord;

  constructor(bytes: Uint8Array) {
    super();
    this.record = SessionRecord.deserialize(bytes as Uint8Array<ArrayBuffer>);
  }

  serialize(): Uint8Array {
    return this.record.serialize();
  }

  override async saveSession(_name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.record = record;
  }

  override async getSession(): Promise<SessionRecord> {
    return this.record;
  }

  override async getExistingSessions(): Promise<SessionRecord[]> {
    throw new Error("getExistingSessions: sealed sender is not used");
  }
}

/** Works until the first that fails: the owner meets it again, and says what is wrong with it. */
async function work(order: Exclude<RatchetOrder, "close">): Promise<RatchetNews> {
  try {
    // Made for each batch: an agent that is locked or gone leaves no key behind here.
    const cipher = new SessionCipher(order.agent);
    const sessions = new BatchSession(order.session);
    const made: (Ciphertext | Uint8Array)[] = [];
    try {
      for (const step of stepsOf(order, cipher, sessions)) made.push(await step());
    } catch {
      // What was made before counts, and the session after it.
    }
    return { made, session: sessions.serialize() };
  } catch {
    return { made: [], session: order.session };
  }
}

function stepsOf(
  order: Exclude<RatchetOrder, "close">,
  cipher: SessionCipher,
  sessions: BatchSession,
): (() => Promise<Ciphertext | Uint8Array>)[] {
  const { peer } = order;
  return order.kind === "encrypt"
    ? order.plaintexts.map((one) => () => cipher.encrypt(sessions, peer, one))
    : order.bodies.map((one) => () => cipher.decrypt(sessions, peer, one));
}

let last = Promise.resolve();
port.on("message", (order: RatchetOrder) => {
  last = last.then(() => (order === "close" ? port.close() : work(order).then(tell)));
});
tell("ready");
