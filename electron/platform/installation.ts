import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

/** Linux's own name for an installed system; other systems are told apart by their host name. */
const MACHINE_ID = "/etc/machine-id";

/**
 * Names this data folder on this machine: a copy of the folder elsewhere is another installation, and
 * must not drain the same mailboxes (rule N5). `path` keeps the folder's own random part.
 */
export function installationOf(path: string): { id: string; host: string } {
  if (!existsSync(path)) {
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, randomBytes(16).toString("hex"), { mode: 0o600, flush: true });
    renameSync(temporary, path);
  }
  const machine = existsSync(MACHINE_ID) ? readFileSync(MACHINE_ID, "utf8").trim() : "";
  const id = createHash("sha256")
    .update(`${readFileSync(path, "utf8")}\n${machine || hostname()}`)
    .digest("hex");
  return { id: id.slice(0, 32), host: hostname().slice(0, 128) };
}
