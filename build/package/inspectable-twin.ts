import { copyFileSync, cpSync, linkSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FuseV1Options, FuseVersion, flipFuses } from "@electron/fuses";

/** As `linux.executableName` names it. */
export const EXECUTABLE = "tinyplace-desktop";

/**
 * The release's twin for tests, which drive Electron through its inspector: every file is the
 * release's own, but for the executable, where the inspect fuse alone is another. Linux only.
 */
export async function inspectableTwin(release: string, folder: string): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  linkFiles(release, folder);
  const executable = join(folder, EXECUTABLE);
  rmSync(executable);
  copyFileSync(join(release, EXECUTABLE), executable);
  await flipFuses(executable, {
    version: FuseVersion.V1,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
  return folder;
}

/** The same files under another name: a second copy of all would take a second and 300 MB. */
function linkFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkFiles(source, target);
    else if (entry.isFile()) linkSync(source, target);
    else cpSync(source, target, { verbatimSymlinks: true });
  }
}
