import type { Page } from "playwright";

const SECONDS = 4;

/**
 * Intervals between frames while a list is scrolled, in ms. Every frame moves it on, so every frame has
 * something new to draw; a list that cannot be scrolled is the measure of the machine itself.
 * @param selector of the scrolling element
 * @param step pixels a frame, below 0 upwards
 */
export async function frameTimes(page: Page, selector: string, step: number): Promise<number[]> {
  return (await page.evaluate(`new Promise((resolve) => {
    const list = document.querySelector(${JSON.stringify(selector)});
    const times = [];
    const end = performance.now() + ${SECONDS * 1000};
    let last = null;
    let step = ${step};
    const frame = (now) => {
      if (last !== null) times.push(now - last);
      last = now;
      const before = list ? list.scrollTop : 0;
      if (list) list.scrollTop += step;
      // At the end it turns round.
      if (list && list.scrollTop === before) step = -step;
      if (now < end) requestAnimationFrame(frame);
      else resolve(times);
    };
    requestAnimationFrame(frame);
  })`)) as number[];
}
