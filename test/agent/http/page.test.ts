/** The gateway's page in a browser. */
import { expect, onTestFinished } from "vitest";
import { AgentApi } from "#agent/http/agent-api.ts";
import { systemClock } from "#core/clock.ts";
import { silentLogger } from "#core/log.ts";
import { chromium, type OpenPage, openPage } from "#test/support/browser.ts";
import { peerTest } from "#test/support/peer.ts";
import { alarm, FakeView } from "./fake-view.ts";

const HOSTILE = '<img src=x onerror="alert(1)">';

/** The page of an agent with these figures, and its API. */
async function openPageOf(view: FakeView): Promise<OpenPage & { api: AgentApi }> {
  const host = "127.0.0.1";
  const api = new AgentApi({ host, port: 0, view, clock: systemClock, log: silentLogger });
  await api.start();
  onTestFinished(() => api.stop());
  return { ...(await openPage(`http://${host}:${api.port}/`)), api };
}

peerTest("values and sources are there as text, and follow what changes", [chromium], async () => {
  const view = new FakeView();
  view.add(HOSTILE, "t", 71.2);
  const { page, complaints } = await openPageOf(view);
  await page.locator("#values tr").first().waitFor();
  expect(await page.locator("#values").innerText()).toContain(HOSTILE);
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.locator("#health").innerText()).toBe("healthy");
  expect(await page.locator("#sources summary").allInnerTexts()).toEqual([
    "messages 12",
    "polls 5, poll timeouts 2",
  ]);

  view.found.push("the buffer cannot be written");
  await page.getByText("needs attention").waitFor();
  expect(complaints).toEqual([]);
});

peerTest(
  "an alarm shows at once, and then what people have done about it",
  [chromium],
  async () => {
    const view = new FakeView();
    const { page, complaints, api } = await openPageOf(view);
    await page.getByText("healthy").waitFor();
    view.raise(alarm(1), alarm(2));
    api.publishAlarm(alarm(1));
    await page.locator("#alarms li").first().waitFor();
    await page.getByText("unacknowledged").first().waitFor();
    const whom = { by: "eva", note: "", at: 1 };
    const [first, second] = view.states;
    if (!first || !second) throw new Error("two alarms were raised");
    view.states = [
      { ...first, isAcknowledged: true, acknowledged: whom },
      { ...second, suppressedBy: "(gateway)/rs485-a/dead" },
    ];
    await page.getByText("acknowledged by eva").waitFor();
    await page.getByText("because of (gateway)/rs485-a/dead").waitFor();
    expect(await page.locator("#alarm-count").innerText()).toBe("2");
    expect(complaints).toEqual([]);
  },
);

peerTest("a gateway that has nothing yet says so", [chromium], async () => {
  const view = new FakeView();
  view.figures = { ...view.figures, sources: [], uplink: {} };
  const { page } = await openPageOf(view);
  await page.getByText("None: the file names no way to the cloud.").waitFor();
  await page.getByText("None: the file has neither buses nor mqtt.").waitFor();
  expect(await page.locator("#range").innerText()).toBe("none yet");
});

peerTest(
  "counters opened by keyboard keep the focus while the table comes anew",
  [chromium],
  async () => {
    const view = new FakeView();
    const { page } = await openPageOf(view);
    const summary = page.locator("#sources summary").first();
    await summary.focus();
    await page.keyboard.press("Enter");
    view.figures = { ...view.figures, readings: { bySource: { mqtt: 121 } } };
    await page.getByText("121").waitFor();
    const focused = await page.evaluate<string>("document.activeElement.textContent");
    expect([focused, await page.locator("#sources details[open]").count()]).toEqual([
      "messages 12",
      1,
    ]);
  },
);
