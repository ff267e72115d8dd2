/** The sink's page in a browser. */
import { expect } from "vitest";
import { systemClock } from "#core/clock.ts";
import { stateOf } from "#test/contracts/store-desk.ts";
import { block, chunkId, commit, event, readings } from "#test/contracts/store-fixtures.ts";
import { chromium, openPage } from "#test/support/browser.ts";
import { peerTest } from "#test/support/peer.ts";
import { startSampleSink } from "./sample-sink.ts";

const HOSTILE = '<img src=x onerror="alert(1)">';

peerTest("names are text, and a chosen series shows its trend", [chromium], async () => {
  const { store, api } = await startSampleSink();
  const now = systemClock.now();
  const values = Array.from({ length: 30 }, (_, n) => 20 + n);
  const blocks = [block(values, now - 60_000, "oven-2"), block([7], now - 60_000, HOSTILE)];
  await commit(store, [event(0, [{ id: chunkId(0), content: readings(...blocks) }])]);
  const { page, complaints } = await openPage(`http://127.0.0.1:${api.port}/`);
  await page.locator("#rows tr").nth(1).waitFor();
  expect(await page.locator("#rows").innerText()).toContain(HOSTILE);
  expect(await page.locator("img").count()).toBe(0);
  await page.getByText("reading from the hub").waitFor();
  expect(await page.locator("#trend").isVisible()).toBe(false);

  await page.locator("#rows tr", { hasText: "oven-2" }).first().click();
  await page.locator("#chart canvas").waitFor();
  expect(await page.locator("#trend-title").innerText()).toBe("hall-3 · oven-2 · temperature");
  await page.getByRole("button", { name: "24 hours" }).click();
  await page.getByText("of each 5m").waitFor();
  expect(complaints).toEqual([]);
});

peerTest("alarms stand there with what is done about them", [chromium], async () => {
  const { store, api, problems } = await startSampleSink();
  problems.push("the database failed: gone");
  const lease = await store.desk.claim("desk-1", 60_000);
  if (!lease) throw new TypeError("somebody else keeps the alarms");
  const alarm = stateOf("high");
  const raised = { ...alarm.raised, message: HOSTILE, points: [1, 5, 2] };
  await store.desk.commit(lease, { alarms: { states: [{ ...alarm, raised }] } });
  const { page, complaints } = await openPage(`http://127.0.0.1:${api.port}/`);
  await page.locator("#alarms li").first().waitFor();
  await page.getByText("needs attention").waitFor();
  const shown = await page.locator("#alarms").innerText();
  for (const text of ["high", HOSTILE, "active, unacknowledged"]) expect(shown).toContain(text);
  expect(await page.locator("#alarms polyline").getAttribute("points")).toMatch(/^1\.0,17\.0 /);
  expect(await page.locator("#problems").innerText()).toContain("the database failed: gone");
  expect(complaints).toEqual([]);
});

peerTest(
  "a series is chosen by keyboard, and keeps the focus while tables come anew",
  [chromium],
  async () => {
    const { store, api } = await startSampleSink();
    const { page, complaints } = await openPage(`http://127.0.0.1:${api.port}/`);
    await page.getByText("None has sent anything yet.").waitFor();
    await page.getByText("No readings of the last two minutes.").waitFor();
    const blocks = [block([20], systemClock.now() - 60_000, "oven-2")];
    await commit(store, [event(0, [{ id: chunkId(0), content: readings(...blocks) }])]);
    const refresh = (): Promise<void> => page.locator("#filter").dispatchEvent("input");
    await refresh();
    await page.locator("#rows").getByRole("button", { name: "temperature" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("#chart canvas").waitFor();
    const old = await page.locator("#rows tr").elementHandle();
    await refresh();
    await page.waitForFunction((row) => !row?.isConnected, old);
    expect(await page.evaluate<string>("document.activeElement.textContent")).toBe("temperature");
    expect(complaints).toEqual([]);
  },
);
