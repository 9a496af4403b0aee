import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Application } from "./application.ts";

const PICTURES = join(import.meta.dirname, "../artifacts");

interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Part of the screen, panel and all, as the application's own screen capture sees it. */
function capture(application: Application, area: Area): Promise<{ png: string; bgra: number[] }> {
  return application.electron.evaluate(async ({ desktopCapturer, screen }, part) => {
    const thumbnailSize = screen.getPrimaryDisplay().size;
    const [whole] = await desktopCapturer.getSources({ types: ["screen"], thumbnailSize });
    if (!whole) throw new Error("There is no screen.");
    const image = whole.thumbnail.crop(part);
    return { png: image.toPNG().toString("base64"), bgra: [...image.toBitmap().subarray(0, 4)] };
  }, area);
}

/** The colour of one point of the screen: blue, green, red, alpha; 0 to 255. */
export async function colourAt(application: Application, x: number, y: number): Promise<number[]> {
  return (await capture(application, { x, y, width: 1, height: 1 })).bgra;
}

/** Keeps a picture of part of the screen with the test's artifacts. */
export async function keepPicture(
  application: Application,
  name: string,
  area: Area,
): Promise<void> {
  const { png } = await capture(application, area);
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(join(PICTURES, `${name}.png`), Buffer.from(png, "base64"));
}

/** Mouse and keys of the application's display, as in `mousemove 10 10 click 3`. */
export async function xdotool(application: Application, ...words: string[]): Promise<void> {
  const env = { PATH: process.env.PATH, DISPLAY: application.display };
  const child = spawn("xdotool", words, { env, stdio: "ignore" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", () => reject(new Error("The test needs xdotool, which is not installed.")));
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`xdotool ended with ${code}.`);
}
