import { type FSWatcher, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { createSecureContext } from "node:tls";
import { TinyplaceError } from "../../../shared/errors/errors.ts";
import type { TlsPair } from "../server/app.ts";

/** A certificate and its key as two files, which a renewal replaces one after the other. */
export class TlsFiles {
  private readonly files: { readonly cert: string; readonly key: string };
  private readonly watchers: FSWatcher[] = [];
  private current: TlsPair | null = null;

  constructor(files: { cert: string; key: string }) {
    this.files = files;
  }

  /** Throws `bad_request` when they cannot be read or do not belong together. */
  read(): TlsPair {
    const { cert, key } = this.files;
    try {
      this.current = this.load();
      return this.current;
    } catch (cause) {
      throw new TinyplaceError(
        "bad_request",
        `The TLS files ${cert} and ${key} cannot be used: ${(cause as Error).message}.`,
        "Give the certificate's whole chain and its private key, both as PEM.",
        { cause },
      );
    }
  }

  /**
   * Tells of each new pair. Their folders are watched, since renewals put new files in place of the
   * old; a pair that does not fit is the middle of a renewal, and told to `waiting`.
   */
  watch(renewed: (pair: TlsPair) => void, waiting: (error: unknown) => void): void {
    for (const folder of new Set([dirname(this.files.cert), dirname(this.files.key)])) {
      this.watchers.push(watch(folder, () => this.look(renewed, waiting)));
    }
  }

  /** Looks now, as after a SIGHUP. */
  look(renewed: (pair: TlsPair) => void, waiting: (error: unknown) => void): void {
    try {
      const pair = this.load();
      if (pair.cert === this.current?.cert && pair.key === this.current.key) return;
      renewed(pair);
      this.current = pair;
    } catch (error) {
      waiting(error);
    }
  }

  close(): void {
    for (const watcher of this.watchers) watcher.close();
  }

  private load(): TlsPair {
    const pair = {
      cert: readFileSync(this.files.cert, "utf8"),
      key: readFileSync(this.files.key, "utf8"),
    };
    createSecureContext(pair);
    return pair;
  }
}
