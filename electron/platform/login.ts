import { existsSync, readFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** Where logind says which login sessions there are. */
const LOGIND_SESSIONS = "/run/systemd/sessions";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
/** Without a boot id, starts of the machine this near to each other are one: clocks get corrected. */
const SAME_BOOT_MS = 300_000;

/** A login of a person to this machine, to tell later whether it is still the same one. */
export const login = z.object({
  /** The kernel's own id of this run of the machine, where it gives one. */
  bootId: z.string().nullable(),
  /** When the machine started, in ms since the epoch; as exact as its clock. */
  bootedAt: z.number(),
  /** logind's name of the login session, where there is one. */
  session: z.string().nullable(),
});
export type Login = z.infer<typeof login>;

export function currentLogin(env: NodeJS.ProcessEnv = process.env): Login {
  return {
    bootId: bootId(),
    bootedAt: Date.now() - uptime() * 1000,
    session: env.XDG_SESSION_ID || null,
  };
}

/**
 * False once the machine was started again, or the login session is over. Asked of the session itself
 * and not of the environment: a terminal multiplexer keeps the environment of a login long gone.
 */
export function isLoginOver(past: Login, sessions: string = LOGIND_SESSIONS): boolean {
  const now = currentLogin();
  if (past.bootId !== null && now.bootId !== null) {
    if (past.bootId !== now.bootId) return true;
  } else if (Math.abs(past.bootedAt - now.bootedAt) > SAME_BOOT_MS) return true;
  return past.session !== null && isSessionOver(join(sessions, past.session), sessions);
}

/** A session whose person logged out stays `closing` for as long as something of it still runs. */
function isSessionOver(file: string, sessions: string): boolean {
  if (!existsSync(sessions)) return false;
  try {
    return /^STATE=closing$/m.test(readFileSync(file, "utf8"));
  } catch {
    return true;
  }
}

function bootId(): string | null {
  try {
    return readFileSync(BOOT_ID, "utf8").trim() || null;
  } catch {
    return null;
  }
}
