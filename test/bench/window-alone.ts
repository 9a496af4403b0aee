import { measureWindow } from "./window.ts";

/** The window's part of `npm run bench` alone. */
process.stdout.write(`${JSON.stringify(await measureWindow())}\n`);
