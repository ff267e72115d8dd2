import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { faultKinds } from "#sim/faults/fault.ts";
import { FaultInjector, FaultLabels } from "#sim/faults/fault-injector.ts";
import { FaultSchedule } from "#sim/faults/fault-schedule.ts";

const START_MS = 1_790_000_000_000;
const SOUND = 50;
const TAGS = [
  { name: "temperature", kind: "gauge", low: 0, high: 100 },
  { name: "energy", kind: "counter", low: 0, high: 1e6 },
] as const;

function plant(seed: number, faultsPerHour: number, hours: number, everyMs = 100) {
  const labels = new FaultLabels();
  const schedule = new FaultSchedule(
    { device: "oven-1", tags: TAGS, faultsPerHour, warmUpMs: 15_000 },
    createRandom(seed),
  );
  const injector = new FaultInjector(schedule, labels, START_MS);
  const samples: { tMs: number; value: number; energy: number }[] = [];
  for (let tMs = START_MS; tMs < START_MS + hours * 3_600_000; tMs += everyMs) {
    // A slow ramp, so that a stuck value can be told from a sound one.
    const values = Float64Array.of(SOUND + (tMs - START_MS) * 1e-7, 7);
    injector.apply(tMs, values);
    samples.push({ tMs, value: values[0] ?? 0, energy: values[1] ?? 0 });
  }
  return { labels: labels.list(), samples };
}

describe("planted faults", () => {
  test("are the same for the same seed", () => {
    expect(plant(4, 30, 2).labels).toEqual(plant(4, 30, 2).labels);
    expect(plant(5, 30, 2).labels).not.toEqual(plant(4, 30, 2).labels);
  });

  test("come at about the wanted rate, in all kinds, and not while detectors warm up", () => {
    const { labels } = plant(1, 20, 50, 500);
    // A fault lasts and the next one waits for its end: a little under 20 an hour.
    expect(labels.length / 50).toBeGreaterThan(11);
    expect(labels.length / 50).toBeLessThan(20);
    expect(new Set(labels.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
    expect(Math.min(...labels.map(({ fromMs }) => fromMs))).toBeGreaterThan(START_MS + 15_000);
  });

  test("change exactly the samples that the labels name", () => {
    const { labels, samples } = plant(2, 30, 5);
    const isNamed = ({ tMs }: { tMs: number }) =>
      labels.some(({ fromMs, toMs }) => tMs >= fromMs && tMs < toMs);
    const changed = samples.filter(({ tMs, value }) => value !== SOUND + (tMs - START_MS) * 1e-7);
    expect(changed.every(isNamed)).toBe(true);
  });

  test.each([
    ["dropout", (values: readonly number[]) => values.every(Number.isNaN)],
    ["stuck", (values: readonly number[]) => new Set(values).size === 1],
    ["step", (values: readonly number[]) => values.every((value) => Math.abs(value - SOUND) > 50)],
    ["spike", (values: readonly number[]) => values.every((value) => Math.abs(value - SOUND) > 50)],
  ])("show as a %s for their whole time", (wanted, looksIt) => {
    const { labels, samples } = plant(2, 30, 5);
    const periods = labels
      .filter(({ kind }) => kind === wanted)
      .map(({ fromMs, toMs }) => samples.filter(({ tMs }) => tMs >= fromMs && tMs < toMs))
      .map((faulty) => faulty.map(({ value }) => value));
    expect(periods.length).toBeGreaterThan(5);
    expect(periods.every((values) => values.length > 0 && looksIt(values))).toBe(true);
  });

  test("let a drift grow from nothing", () => {
    const { labels, samples } = plant(3, 30, 8);
    const drifts = labels.filter(
      ({ kind, toMs }) => kind === "drift" && toMs < (samples.at(-1)?.tMs ?? 0),
    );
    expect(drifts.length).toBeGreaterThan(5);
    for (const { fromMs, toMs } of drifts) {
      const values = samples
        .filter(({ tMs }) => tMs >= fromMs && tMs < toMs)
        .map(({ tMs, value }) => Math.abs(value - SOUND - (tMs - START_MS) * 1e-7));
      expect(values[0]).toBeLessThan(1);
      expect(values.at(-1)).toBeGreaterThan(50);
    }
  });

  test("never touch a counter", () => {
    const { labels, samples } = plant(6, 60, 5);
    expect(labels.every(({ tag }) => tag === "temperature")).toBe(true);
    expect(samples.every(({ energy }) => energy === 7)).toBe(true);
  });

  test("are absent at rate 0", () => {
    expect(plant(1, 0, 10).labels).toEqual([]);
  });
});
