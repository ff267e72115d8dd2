/** What a notice of the sink's says of the device's other tags. */
import { beforeEach, describe, expect, test } from "vitest";
import { PlantFacts } from "#cloud/alarms/plant-facts.ts";
import { RelatedValues } from "#cloud/alarms/related-values.ts";
import { sinkAlarms } from "#config/sink/alarms.ts";
import { PenstockError } from "#core/errors.ts";
import { RateLimitedLog, silentLogger } from "#core/log.ts";
import type { Value } from "#core/reading.ts";
import { transition } from "#test/contracts/store-desk.ts";
import { block, MINUTE, readings } from "#test/contracts/store-fixtures.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { until } from "#test/support/until.ts";
import { FedStore } from "./fed-store.ts";
import { startAlarms } from "./running-alarms.ts";

const clock = new ManualClock();
const log = new RateLimitedLog(silentLogger, clock);

let fed: FedStore;
let store: FedStore["store"];

beforeEach(async () => {
  fed = await FedStore.start();
  store = fed.store;
});

async function send(tag: string, ...values: Value[]): Promise<void> {
  await fed.send(readings(block(values, MINUTE, "oven-2", tag)));
}

function valuesOf(rows: ConstructorParameters<typeof RelatedValues>[0]["rows"]): RelatedValues {
  return new RelatedValues({ rows, elapsedMs: () => clock.monotonic(), log });
}

describe("the other tags of an alarm's device", () => {
  test("stand in the notice with their newest values and units, as the gateway words them", async () => {
    await send("temperature", 245);
    await send("power", 10, 12.500_000_1);
    await send("running", false, true);
    await send("product", "rye");
    await send("broken", null);
    const described = { device: "oven-2", tag: "power", unit: "kW" };
    await fed.send({ kind: "meta", series: [described] });
    const settings = sinkAlarms.parse({ shift: { webhook: "http://127.0.0.1:9/" } });
    const service = startAlarms(store, "desk-1", { settings });
    await store.raise(transition("a"));
    service.nudge();
    await until(async () => (await store.desk.load()).outbox.length === 1);
    await service.stop();
    const [entry] = (await store.desk.load()).outbox;
    expect(entry?.notice.related).toEqual([
      { tag: "power", value: "12.5", unit: "kW" },
      { tag: "product", value: "rye" },
      { tag: "running", value: "true" },
    ]);
  });

  test("are ten at most, whatever a device has", async () => {
    for (let at = 10; at < 30; at++) await send(`t${at}`, at);
    const values = valuesOf(store.rollups.bind(store));
    await values.learn([transition("a", { tag: "t12" })]);
    const facts = new PlantFacts(sinkAlarms.parse({}), "sink.yaml", values);
    const related = facts.relatedTo("hall-3", "oven-2", "t12");
    expect(related.map(({ tag }) => tag)).toEqual(
      [10, 11, 13, 14, 15, 16, 17, 18, 19, 20].map((at) => `t${at}`),
    );
  });

  test("are read for some devices of a flood, each once, and never for long", async () => {
    const asked: unknown[] = [];
    const values = valuesOf(async function* none({ device }) {
      asked.push(device);
      yield* [];
    });
    const flood = Array.from({ length: 500 }, (_, at) =>
      transition(`t${at}`, { device: `oven-${Math.trunc(at / 2)}` }),
    );
    await values.learn(flood);
    expect(asked).toEqual(Array.from({ length: 20 }, (_, at) => `oven-${at}`));
    await values.learn(flood);
    expect(asked).toHaveLength(20);
    await clock.advance(10_000);
    await values.learn(flood.slice(100));
    expect(asked).toHaveLength(40);
    const slow = valuesOf(async function* none() {
      await clock.advance(200);
      asked.push("slow");
      yield* [];
    });
    await slow.learn(flood);
    await slow.learn(flood);
    expect(asked).toHaveLength(42);
  });

  test("are left out where they cannot be read, are old, or where the gateway itself is meant", async () => {
    const failing = valuesOf(() => {
      throw new PenstockError("STORE_FAILED", "gone");
    });
    await failing.learn([transition("a")]);
    expect(failing.of("hall-3", "oven-2")).toEqual([]);
    await send("power", 3);
    const values = valuesOf(store.rollups.bind(store));
    await values.learn([transition("a"), transition("b", { device: "(gateway)" })]);
    expect(values.of("hall-3", "oven-2")).toEqual([{ tag: "power", value: "3" }]);
    expect(values.of("hall-3", "(gateway)")).toEqual([]);
    await clock.advance(121_000);
    expect(values.of("hall-3", "oven-2")).toEqual([]);
  });
});
