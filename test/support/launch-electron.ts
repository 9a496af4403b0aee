import { _electron, type ElectronApplication } from "playwright";

/** For the first window, and each other thing that Playwright gives up after half a minute. */
export const PATIENCE = { timeout: 120_000 };

/** Starts Electron under Playwright, which then is as patient as a slow machine needs. */
export async function launchElectron(
  options: Parameters<typeof _electron.launch>[0],
): Promise<ElectronApplication> {
  const electron = await _electron.launch({ ...PATIENCE, ...options });
  electron.context().setDefaultTimeout(PATIENCE.timeout);
  return electron;
}
