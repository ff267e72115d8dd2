/** Over a real store: windows of rollups, judged once they are final. */
import { beforeEach, describe, expect, test } from "vitest";
import { RuleSet } from "#cloud/alarms/rule-set.ts";
import { SeriesJudge } from "#cloud/alarms/series-judge.ts";
import { Verdict } from "#cloud/alarms/verdict.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { block, MINUTE, readings } from "#test/contracts/store-fixtures.ts";
import { FedStore } from "./fed-store.ts";

const MINUTE_MS = 60_000;
const hot = {
  name: "too hot",
  series: "*/oven-*/temperature",
  over: "1m",
  mean: "> 245",
  priority: "high",
};
const { rules } = sinkAlarms.parse({
  rules: [hot, { name: "no answer", device: "*/*", absent: "90s" }],
});

let fed: FedStore;
let store: FedStore["store"];
let judge: SeriesJudge;

function makeJudge(given = rules): SeriesJudge {
  const rows = store.rollups.bind(store);
  return new SeriesJudge({ rules: new RuleSet(given), rows, nowMs: () => MINUTE });
}

beforeEach(async () => {
  fed = await FedStore.start();
  store = fed.store;
  judge = makeJudge();
  judge.begin([], new Verdict());
});

async function send(minute: number, device: string, ...values: (number | null)[]): Promise<void> {
  await fed.send(readings(block(values, MINUTE + minute * MINUTE_MS, device)));
}

async function verdictOn(upToMinute: number, newest: number, by: SeriesJudge): Promise<Verdict> {
  const verdict = new Verdict();
  const at = { finalToMs: MINUTE + upToMinute * MINUTE_MS, newestMs: MINUTE + newest * MINUTE_MS };
  while (await by.judge("hall-3", at, verdict));
  return verdict;
}

async function told(upToMinute: number, newest = upToMinute, by = judge): Promise<string[]> {
  const { write } = await verdictOn(upToMinute, newest, by);
  return (write.raised ?? []).map(({ device, rule, state }) => `${device} ${rule} ${state}`);
}

describe("the windows of a gateway", () => {
  test("are judged when they are final, and each once, whatever is corrected later", async () => {
    await send(0, "oven-1", 250, 252);
    expect(await told(0.9)).toEqual([]);
    expect(await told(1)).toEqual(["oven-1 too hot active"]);
    expect(await told(1)).toEqual([]);
    await send(0, "oven-1", 1, 1, 1, 1);
    await send(1, "oven-1", 246);
    expect(await told(2)).toEqual([]);
    await send(2, "oven-1", 240);
    expect(await told(3)).toEqual(["oven-1 too hot cleared"]);
  });

  test("bring along since when, and the windows before", async () => {
    for (const [minute, value] of [10, 20, 246].entries()) await send(minute, "oven-1", value);
    const { raised } = await verdictOn(3, 3, judge);
    const since = MINUTE + 2 * MINUTE_MS;
    expect(raised).toMatchObject([{ ts: since + MINUTE_MS, since, points: [10, 20, 246] }]);
  });

  test("say who is absent, by the gateway's own time", async () => {
    await send(0, "oven-1", 20);
    await send(0, "pump", 1);
    await send(2, "pump", 1);
    expect(await told(1)).toEqual([]);
    expect(await told(3)).toEqual(["oven-1 no answer active"]);
    await send(3, "oven-1", null);
    await send(3, "pump", 1);
    expect(await told(4)).toEqual([]);
    await send(4, "oven-1", 20);
    await send(4, "pump", 1);
    expect(await told(5)).toEqual(["oven-1 no answer cleared"]);
    // Final because nothing can come any more: but nobody is missed by a gateway that is silent itself.
    expect(await told(60, 4.5)).toEqual([]);
  });

  test("make nobody missed who comes again after an outage of gateway, hub or sink", async () => {
    await send(0, "oven-1", 20);
    await send(0, "pump", 1);
    expect(await told(1)).toEqual([]);
    // Its news overtake the backlog: of what was between, nothing is here, nor the pump's next reading.
    await send(120, "oven-1", 20);
    expect(await told(120, 120.1)).toEqual([]);
    await send(121, "oven-1", 20);
    expect(await told(121)).toEqual([]);
    await send(122, "oven-1", 20);
    expect(await told(122)).toEqual(["pump no answer active"]);
    await send(122, "pump", 1);
    expect(await told(123)).toEqual(["pump no answer cleared"]);
  });

  test("wake nobody for what a gateway brings along of an outage of two days", async () => {
    await send(0, "oven-1", 20);
    expect(await told(1)).toEqual([]);
    const back = 2 * 24 * 60;
    // Live data first; of the backlog, the oven's heat of yesterday is there in time.
    await send(back - 20 * 60, "oven-1", 250);
    await send(back, "oven-1", 20);
    expect((await told(back + 1)).filter((said) => said.includes("too hot"))).toEqual([]);
    await send(back + 1, "oven-1", 250);
    await send(back + 2, "oven-1", 250);
    expect(await told(back + 3)).toContain("oven-1 too hot active");
  });

  test("go on under another desk as if nothing had been", async () => {
    await send(0, "oven-1", 250);
    await send(0, "pump", 1);
    const verdict = await verdictOn(1, 1, judge);
    const kept = [...(verdict.write.memory ?? []), { key: '["begun","1m"]', text: "true" }];
    const next = makeJudge();
    const loaded = new Verdict();
    next.load(kept, loaded);
    expect(loaded.isEmpty).toBe(true);
    expect(await told(1, 1, next)).toEqual([]);
    await send(2, "oven-1", 100);
    // The pump was heard last in a window that the other desk judged.
    expect(await told(3, 3, next)).toEqual(["oven-1 too hot cleared", "pump no answer active"]);
  });

  test.each([
    ["is gone from the file", []],
    ["speaks of other series now", [{ ...hot, series: "*/oven-2/temperature" }]],
    ["misses series now", [{ name: hot.name, series: hot.series, absent: "5m" }]],
  ])("end the alarms of a rule that %s", async (_, changed) => {
    await send(0, "oven-1", 250);
    const verdict = await verdictOn(1, 1, judge);
    const loaded = new Verdict();
    makeJudge(sinkAlarms.parse({ rules: changed }).rules).load(verdict.write.memory ?? [], loaded);
    expect(loaded.write.raised).toMatchObject([
      { device: "oven-1", rule: "too hot", state: "cleared" },
    ]);
    expect(loaded.write.forgottenMemory).toContain(
      JSON.stringify(["threshold", "too hot", "hall-3", "oven-1", "temperature"]),
    );
  });

  test("end the alarm of a rule that misses series instead of devices now", async () => {
    await send(0, "oven-1", 20);
    await send(2, "pump", 1);
    const verdict = await verdictOn(3, 3, judge);
    expect(verdict.raised).toMatchObject([{ device: "oven-1", tag: "(device)", state: "active" }]);
    const changed = [{ name: "no answer", series: "*/*/*", absent: "90s" }];
    const loaded = new Verdict();
    makeJudge(sinkAlarms.parse({ rules: changed }).rules).load(verdict.write.memory ?? [], loaded);
    expect(loaded.raised).toMatchObject([
      { device: "oven-1", tag: "(device)", rule: "no answer", state: "cleared" },
    ]);
  });

  test("that were there before anybody judged wake nobody", async () => {
    await send(0, "oven-1", 250);
    await send(1, "oven-1", 250);
    const fresh = makeJudge();
    const watermarkMs = MINUTE + 1.5 * MINUTE_MS;
    const mark = { gateway: "hall-3", seenAtMs: MINUTE, watermarkMs, newestMs: watermarkMs };
    fresh.begin([mark], new Verdict());
    expect(await told(1, 1, fresh)).toEqual([]);
    expect(await told(2, 2, fresh)).toEqual(["oven-1 too hot active"]);
  });
});
