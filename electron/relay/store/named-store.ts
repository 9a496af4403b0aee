import { TinyplaceError } from "../../../shared/errors/errors.ts";
import { SqliteRelayStore } from "./sqlite-store.ts";
import type { RelayStore, StoreLimits } from "./store.ts";

const SQLITE = "sqlite:";

/** The store that `--store` names. Rejects with `bad_request` when there is none or no way in. */
export async function openNamedStore(name: string, limits: StoreLimits = {}): Promise<RelayStore> {
  if (/^(nats|tls):\/\//.test(name)) {
    const [{ readNatsAddress }, { JetStreamRelayStore }] = await Promise.all([
      import("./jetstream/address.ts"),
      import("./jetstream/jetstream-store.ts"),
    ]);
    return JetStreamRelayStore.open(readNatsAddress(name), limits);
  }
  if (name.startsWith(SQLITE) && name.length > SQLITE.length) {
    return openSqliteStore(name.slice(SQLITE.length), limits);
  }
  throw new TinyplaceError(
    "bad_request",
    `"${name.slice(0, 80)}" is no store of a relay.`,
    "Write sqlite:PATH, for example sqlite:./relay.db, or nats://HOST:PORT,HOST:PORT.",
  );
}

function openSqliteStore(path: string, limits: StoreLimits): SqliteRelayStore {
  try {
    return new SqliteRelayStore(path, limits);
  } catch (cause) {
    throw new TinyplaceError(
      "bad_request",
      `The relay's database ${path} cannot be opened: ${wordsOf(cause)}.`,
      "Check that its folder exists and can be written, and that no other program uses the file.",
      { cause },
    );
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
