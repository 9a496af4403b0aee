import { type MessagePort, parentPort } from "node:worker_threads";
import { type ProtocolAddress, SessionRecord, SessionStore } from "@signalapp/libsignal-client";
import type { Ciphertext } from "./cipher.ts";
import type { RatchetNews, RatchetOrder } from "./ratchet-thread.ts";
import { type RatchetAgent, SessionCipher } from "./session-cipher.ts";

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

/** Kept from batch to batch: making one costs as much as a message. */
const ciphers = new Map<string, SessionCipher>();

function cipherOf(agent: RatchetAgent): SessionCipher {
  const known = ciphers.get(agent.cryptoId);
  if (known) return known;
  const cipher = new SessionCipher(agent);
  ciphers.set(agent.cryptoId, cipher);
  return cipher;
}

/** Works until the first that fails: the owner meets it again, and says what is wrong with it. */
async function work(order: Exclude<RatchetOrder, "close">): Promise<void> {
  const made: (Ciphertext | Uint8Array)[] = [];
  let { session } = order;
  try {
    const cipher = cipherOf(order.agent);
    const sessions = new BatchSession(session);
    try {
      if (order.kind === "encrypt") {
        for (const plaintext of order.plaintexts) {
          made.push(await cipher.encrypt(sessions, order.peer, plaintext));
        }
      } else {
        for (const body of order.bodies) {
          made.push(await cipher.decrypt(sessions, order.peer, body));
        }
      }
    } finally {
      session = sessions.serialize();
    }
  } catch {
    // What was made before counts, and the session is that after it.
  }
  tell({ made, session });
}

let last = Promise.resolve();
port.on("message", (order: RatchetOrder) => {
  last = last.then(() => (order === "close" ? port.close() : work(order)));
});
tell("ready");
