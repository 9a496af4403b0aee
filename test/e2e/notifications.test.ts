import { randomBytes } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import type { WindowBridge } from "../../shared/channels/channels.ts";
import { newMessageId } from "../../shared/envelope/envelope.ts";
import { startApplication } from "../support/application.ts";
import { NotificationDaemon } from "../support/notifications.ts";
import { startSessionBus } from "../support/session-bus.ts";
import { temporaryHome } from "../support/temporary-home.ts";

const WAIT = { timeout: 60_000, interval: 50 };

test("U4 a held message is told without its text, a click opens its place, and a silenced agent is silent", async () => {
  const bus = await startSessionBus();
  onTestFinished(() => bus.close());
  const notifications = await NotificationDaemon.start(bus);
  const application = await startApplication(bus, temporaryHome());
  onTestFinished(() => application.close());
  const page = await application.electron.firstWindow();
  await page.getByTestId("agent-name-input").waitFor();
  const call = async (name: string, request: object) => {
    const answer = await page.evaluate(
      ([n, r]) =>
        (globalThis as unknown as { tinyplace: WindowBridge }).tinyplace.call(
          n as never,
          r as never,
        ),
      [name, request] as const,
    );
    expect(answer).toMatchObject({ ok: true });
    return (answer as unknown as { value: { cryptoId: string } }).value;
  };
  const { cryptoId } = await call("agent.create", { name: "planner" });
  await page.getByTestId("agent-planner").waitFor();
  const hold = (text: string) =>
    call("composer.send", {
      ...{ id: newMessageId(randomBytes(9)), agentId: cryptoId, fromSession: null, to: cryptoId },
      ...{ toSession: "claude:9", role: "user", text, answers: null },
    });

  await hold("The secret plan.");
  await expect
    .poll(() => notifications.shown, WAIT)
    .toMatchObject([{ title: "A message is held", body: "No session of planner could take it." }]);
  const [first] = notifications.shown;
  if (!first) throw new Error("nothing was shown");
  notifications.click(first);
  await page.getByText("The secret plan.").first().waitFor(WAIT);
  expect(await page.locator("h1").first().textContent()).toBe("Unrouted");

  // Silenced, then not: what came between was not told.
  await page.getByTestId("nav-activity").click();
  await call("desktop.prefer", { told: { [cryptoId]: "alarms" } });
  await hold("Not told.");
  await expect.poll(() => page.getByTestId("unrouted-count").textContent(), WAIT).toBe("2");
  await call("desktop.prefer", { told: {} });
  await hold("Told.");
  await expect.poll(() => notifications.shown.length, WAIT).toBe(2);
  expect(JSON.stringify(notifications.shown)).not.toMatch(/secret|old\./);
});
