import { describe, expect, test } from "vitest";
import type { Finding } from "#agent/detect/finding.ts";
import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { WatchSettings } from "#agent/detect/monitor-plan.ts";
import type { Gate, SeriesMonitor } from "#agent/detect/series-monitor.ts";
import { createRandom } from "#core/random.ts";
import { fc } from "#test/support/properties.ts";

const subject = { device: "pump-1", tag: "flow", unit: "l/s" };
const HOUR_MS = 3_600_000;

function monitorOf(settings: WatchSettings): SeriesMonitor {
  return new MonitorFactory().create({ subject, ...settings });
}

interface Reading {
  readonly ts: number;
  readonly value: number;
  readonly gate: Gate;
}

const settings: fc.Arbitrary<WatchSettings> = fc.record({
  limits: fc.constantFrom(undefined, { hh: 4, h: 2, deadband: 0.5, onDelay: 3000, rate: 0.2 }),
  detect: fc.record({
    auto: fc.boolean(),
    method: fc.constantFrom("records" as const, "median" as const),
    sensitivity: fc.constantFrom("high" as const, "medium" as const),
  }),
  counter: fc.boolean(),
});

/** Noise with what a plant does: spikes, steps, rests, counters that go back, standing machines. */
function readingsOf(seed: number, count: number): Reading[] {
  const random = createRandom(seed);
  const stepMs = [1000, 60_000, 15 * 60_000][random.int(3)] ?? 1000;
  let ts = 1_763_707_200_000;
  let level = 0;
  let still = 0;
  let standing = 0;
  return Array.from({ length: count }, () => {
    ts += stepMs;
    if (random.int(150) === 0) level += random.normal() * 5;
    if (random.int(200) === 0) still = 60;
    if (random.int(300) === 0) standing = 20;
    still -= 1;
    standing -= 1;
    const noise = still > 0 ? 0 : random.normal() + (random.int(100) === 0 ? 30 : 0);
    const gate = standing > 0 ? (standing % 2 === 0 ? "standing" : "maintained") : "open";
    return { ts, value: level + noise, gate };
  });
}

function judgeAll(monitor: SeriesMonitor, readings: readonly Reading[]): Finding[] {
  return readings.flatMap(({ ts, value, gate }) => monitor.judge(ts, value, gate));
}

describe("SeriesMonitor", () => {
  test("goes on from the bytes of its state as if it had never stopped", () => {
    fc.assert(
      fc.property(settings, fc.nat(), fc.nat(1500), (watch, seed, cut) => {
        const readings = readingsOf(seed, 1600);
        const through = monitorOf(watch);
        judgeAll(through, readings.slice(0, cut));
        const saved = Uint8Array.from(through.bytes);
        const resumed = monitorOf(watch);
        // Of another series in the same slab, which must not be touched.
        expect(resumed.resume(saved)).toBe(true);
        const rest = readings.slice(cut);
        expect(judgeAll(resumed, rest)).toEqual(judgeAll(through, rest));
        expect(Buffer.compare(resumed.bytes, through.bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test("takes up no state of other settings", () => {
    const watched = monitorOf({ detect: { auto: true } });
    const other = monitorOf({ detect: { auto: true }, limits: { h: 5, deadband: 0 } });
    expect(other.resume(watched.bytes)).toBe(false);
  });

  test("explains a finding by unit, since when, and the last values, newest last", () => {
    const monitor = monitorOf({
      detect: { auto: false },
      limits: { h: 5, deadband: 0, onDelay: 1000 },
    });
    for (let i = 1; i < 40; i++) monitor.judge(i * 1000, i / 10);
    monitor.judge(40_000, 71.2);
    const [found] = monitor.judge(41_000, 71.3);
    expect(found).toMatchObject({ unit: "l/s", since: 40_000, feature: "high" });
    expect(found?.points).toHaveLength(30);
    const newest = found?.points?.slice(-3) ?? [];
    for (const [i, point] of [3.9, 71.2, 71.3].entries()) {
      expect(Math.abs(point - (newest[i] ?? Number.NaN))).toBeLessThan(0.7);
    }
  });

  test("says how far it has learnt, and what it is doing", () => {
    const monitor = monitorOf({ detect: { auto: true } });
    expect(monitor.doing("open")).toEqual({ state: "learning", seen: 0, of: 256 });
    judgeAll(monitor, readingsOf(1, 100));
    const { seen } = monitor.doing("open");
    expect(seen).toBeGreaterThan(50);
    for (let i = 0; i < 256; i++) monitor.judge(1.8e12 + i, i);
    expect(monitor.doing("open")).toEqual({ state: "watching" });
    expect(monitor.doing("standing")).toEqual({ state: "standing" });
    expect(monitor.doing("maintained")).toEqual({ state: "maintained" });
    expect(monitorOf({ detect: { auto: false } }).doing("open")).toEqual({ state: "off" });
  });

  test("learns anew when asked, keeps its limits, and ends what it had said", () => {
    const limits = { hh: 50, deadband: 0 };
    const monitor = monitorOf({ detect: { auto: true }, limits });
    const random = createRandom(3);
    for (let i = 0; i < 600; i++) monitor.judge(i * 1000, random.normal());
    expect(monitor.judge(600_000, 90).map(({ rule }) => rule)).toEqual(["limit-hh", "anomaly"]);
    const found = monitor.relearn(601_000, 90);
    expect(found).toMatchObject([{ rule: "anomaly", state: "cleared" }]);
    expect(found[0]?.message).toBe("pump-1 flow is learnt anew");
    expect(monitor.doing("open")).toMatchObject({ state: "learning", seen: 0 });
    expect(monitor.judge(602_000, 91)).toEqual([]);
    expect(monitor.judge(603_000, 0)).toMatchObject([{ rule: "limit-hh", state: "cleared" }]);
  });

  test("raises nothing at a value that was accepted, and ends what it had said of it", () => {
    const monitor = monitorOf({ detect: { auto: true } });
    const random = createRandom(3);
    for (let i = 0; i < 600; i++) monitor.judge(i * 1000, random.normal());
    expect(monitor.judge(600_000, 30)).toMatchObject([{ rule: "anomaly", state: "active" }]);
    expect(monitor.accept(601_000, 30)).toMatchObject([{ rule: "anomaly", state: "cleared" }]);
    for (let i = 0; i < 6000; i++) monitor.judge(602_000 + i * 1000, random.normal());
    expect(monitor.judge(10_000_000, 30)).toEqual([]);
  });

  test("agrees with the alarms that outlived it", () => {
    const limits = { h: 5, deadband: 0 };
    const monitor = monitorOf({ detect: { auto: false }, limits });
    monitor.adopt((rule) => rule === "limit-h");
    expect(monitor.judge(1000, 6)).toEqual([]);
    expect(monitor.judge(2000, 4)).toMatchObject([{ rule: "limit-h", state: "cleared" }]);
    monitor.judge(3000, 6);
    monitor.adopt(() => false);
    expect(monitor.judge(4000, 6)).toMatchObject([{ rule: "limit-h", state: "active" }]);
  });

  test("costs at most 2 KB of numbers a series, whatever is watched", () => {
    const most = monitorOf({
      detect: { auto: true, method: "median", stale: 1000 },
      limits: { hh: 4, h: 3, l: 2, ll: 1, rate: 1, deadband: 0 },
      counter: true,
    });
    expect(most.bytes.length).toBeLessThanOrEqual(2048);
  });

  test("costs 360 bytes of numbers a series for all that auto brings", () => {
    expect(monitorOf({ detect: { auto: true } }).bytes.length).toBeLessThanOrEqual(360);
  });
});

/** What the rate rule says of two minutes, a rise in the second one. */
function rising(perSecond: number): string[] {
  const limits = { deadband: 0, rate: 0.5 };
  const monitor = monitorOf({ detect: { auto: false }, limits });
  const random = createRandom(2);
  return Array.from({ length: 120 }, (_, i) => {
    const value = i < 60 ? 20 : 20 + perSecond * (i - 60);
    return monitor.judge(i * 1000, value + 0.4 * random.next());
  })
    .flat()
    .map(({ rule, state, message }) => `${rule} ${state}: ${message}`);
}

describe("the rate rule", () => {
  test("tells of a change that is too fast, and not of noise or a slower one", () => {
    expect(rising(0)).toEqual([]);
    expect(rising(0.3)).toEqual([]);
    const [found, ...more] = rising(2);
    expect(found).toMatch(/^rate active: pump-1 flow changes by [\d.]+ l\/s\/min, faster than its/);
    expect(more).toEqual([]);
  });

  test("takes the change over a gap for what it is by the time", () => {
    const limits = { deadband: 0, rate: 1 };
    const monitor = monitorOf({ detect: { auto: false }, limits });
    monitor.judge(0, 0);
    expect(monitor.judge(HOUR_MS, 1000)).toEqual([]);
    expect(monitor.judge(2 * HOUR_MS, 10_000)).toMatchObject([
      { rule: "rate", state: "active", value: 2.5, unit: "l/s/s", feature: "rising" },
    ]);
  });
});
