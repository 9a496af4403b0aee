/** Where secrets of this user can be kept by the system. `null` answers mean: not there. */
export interface Keychain {
  read(account: string): string | null;
  /** Throws when the system keeps nothing (no secret service, locked, refused). */
  write(account: string, secret: string): void;
  /** Removing what is not there is no error. Throws when the system does not answer. */
  remove(account: string): void;
}

const SERVICE = "tinyplace";

/**
 * The system's keychain through @napi-rs/keyring, which plain Node and Electron reach alike; null
 * where there is none. TINYPLACE_KEYSTORE=file says not to use it.
 */
export async function systemKeychain(
  env: NodeJS.ProcessEnv = process.env,
): Promise<Keychain | null> {
  if (env.TINYPLACE_KEYSTORE === "file") return null;
  // Without a session bus there is no secret service to ask, and asking may wait for one to start.
  if (process.platform === "linux" && !env.DBUS_SESSION_BUS_ADDRESS) return null;
  try {
    const { Entry } = await import("@napi-rs/keyring");
    return {
      read: (account) => new Entry(SERVICE, account).getPassword(),
      write: (account, secret) => new Entry(SERVICE, account).setPassword(secret),
      remove: (account) => {
        new Entry(SERVICE, account).deleteCredential();
      },
    };
  } catch {
    return null;
  }
}
