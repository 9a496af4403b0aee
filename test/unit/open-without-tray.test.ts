import { expect, test } from "vitest";
import { openWithoutTray } from "../../electron/shell/open-without-tray.ts";
import { ManualTime } from "../support/manual-time.ts";

const MINUTE_MS = 60_000;

test("U1 the window opens once tray icons were not shown for a while, and not before", () => {
  const time = new ManualTime();
  let opened = 0;
  const trayIs = openWithoutTray(time, () => opened++);
  trayIs(true);
  time.advance(MINUTE_MS);
  expect(opened).toBe(0);

  // A panel that restarts.
  trayIs(false);
  time.advance(3000);
  trayIs(true);
  time.advance(MINUTE_MS);
  expect(opened).toBe(0);

  // Being told again does not begin the wait again.
  trayIs(false);
  time.advance(6000);
  trayIs(false);
  expect(opened).toBe(0);
  time.advance(6000);
  expect(opened).toBe(1);
  time.advance(MINUTE_MS);
  expect(opened).toBe(1);

  // Gone once more, opened once more.
  trayIs(true);
  trayIs(false);
  time.advance(MINUTE_MS);
  expect(opened).toBe(2);
});
