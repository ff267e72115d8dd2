import { describe, expect, test } from "vitest";
import type { View } from "#agent/detect/anomaly-detector.ts";
import { AnomalyRule, type Direction } from "#agent/detect/anomaly-rule.ts";
import { AutoDetector } from "#agent/detect/auto-detector.ts";
import type { Finding } from "#agent/detect/finding.ts";
import { MedianDetector } from "#agent/detect/median-detector.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { StateSlabs, singleBlock } from "#agent/detect/state-slabs.ts";
import { createRandom } from "#core/random.ts";
import { Watched } from "./watched.ts";

const subject = { device: "pump-1", tag: "flow", unit: "l/s" };

type Detector = typeof AutoDetector | typeof MedianDetector;

function ruleOf(Detector: Detector): Watched<AnomalyRule> {
  return new Watched(subject, (layout) => new AnomalyRule(layout, new Detector(layout), "high"));
}

function since(fromTs: number, found: readonly Finding[]): Finding[] {
  return found.filter(({ ts }) => ts >= fromTs);
}

function* noise(count: number, level = 70, spread = 0.5): Iterable<number> {
  const random = createRandom(7);
  for (let i = 0; i < count; i++) yield level + spread * random.normal();
}

const detectors: [string, Detector][] = [
  ["the median detector", MedianDetector],
  ["the automatic detector", AutoDetector],
];

describe.each(detectors)("%s", (_name, Detector) => {
  test("raises an alarm at a spike and clears it when the values are back", () => {
    const values = [...noise(600)];
    values[500] = 95;
    const found = since(499_000, ruleOf(Detector).judgeAll(values));
    expect(found.map(({ state, ts }) => [state, ts])).toEqual([
      ["active", 500_000],
      ["cleared", 530_000],
    ]);
    expect(found[0]?.message).toMatch(/^pump-1 flow is 95 l\/s, /);
    expect(found[0]?.expected).toBeCloseTo(70, -1);
    expect(found[0]?.priority).toBe("low");
  });

  test("raises an alarm at a step, which in time becomes the new normal", () => {
    const values = [...noise(500), ...noise(500, 90)];
    const found = since(499_000, ruleOf(Detector).judgeAll(values));
    expect(found[0]).toMatchObject({ state: "active", ts: 500_000 });
    expect(found.at(-1)?.state).toBe("cleared");
    expect(found.length).toBeLessThanOrEqual(4);
  });

  test("is quiet while it learns, at a resting value, and at its first change", () => {
    expect(ruleOf(Detector).judgeAll([1, 1000, -1000, 5])).toEqual([]);
    expect(ruleOf(Detector).judgeAll(Array.from({ length: 500 }, () => 12))).toEqual([]);
    const resting = [...Array.from({ length: 500 }, () => 12), 13, 12, 12];
    expect(ruleOf(Detector).judgeAll(resting)).toEqual([]);
  });

  test("survives the largest numbers without NaN in what it says", () => {
    const values = [...noise(300), 1e300, -1e300, ...noise(100)];
    const { rule, block } = ruleOf(Detector);
    for (const [i, value] of values.entries()) expect(rule.score(block, value, i)).not.toBeNaN();
  });
});

/** The detector itself finds all things new at first; the rule above it knows that. */
const LEARNING = 500;

function whyOf(values: Iterable<number>, stepMs = 1000): View | undefined {
  const layout = new StateLayout();
  const detector = new AutoDetector(layout);
  const block = singleBlock(layout.shape);
  detector.begin(block);
  let ts = 0;
  for (const value of values) {
    const isNews = ts >= LEARNING * stepMs;
    if (detector.surprise(block, value, ts) >= 1 && isNews) return detector.explain().view;
    ts += stepMs;
  }
  return undefined;
}

/** What is told of a spike and a dip in noise. */
function told(direction: Direction): boolean[] {
  const watched = new Watched(
    subject,
    (layout) => new AnomalyRule(layout, new AutoDetector(layout), "high", direction),
  );
  const values = [...noise(1200)];
  values[600] = 95;
  values[1000] = 45;
  const active = watched.judgeAll(values).filter(({ state }) => state === "active");
  return since(600_000, active).map(({ value, expected }) => value > expected);
}

/** Two shifts from Monday to Friday, in quarters of an hour, and on one Sunday. */
function worked(i: number): boolean {
  const day = Math.floor(i / 96) % 7;
  const hour = Math.floor(i / 4) % 24;
  const isRest = day >= 5 && Math.floor(i / 96) !== 7 * 15 + 6;
  return !isRest && hour >= 6 && hour < 22;
}

describe("AutoDetector", () => {
  test("names a jump within the range seen so far", () => {
    const wave = Array.from({ length: 1200 }, (_, i) => 50 + 20 * Math.sin(i / 60));
    wave[848] = 35;
    expect(whyOf(wave)).toBe("jump");
  });

  test("learns the shape of a day, and misses it when it does not come", () => {
    const stepMs = 5 * 60_000;
    const random = createRandom(3);
    const day = Array.from({ length: 288 * 12 }, (_, i) => {
      const asleep = i > 288 * 10 + 96 && i < 288 * 10 + 192;
      const load = Math.floor((i % 288) / 96) === 1 && !asleep ? 30 : 10;
      return load + random.normal();
    });
    const missed = ruleOf(AutoDetector)
      .judgeAll(day, 0, stepMs)
      .find(({ ts }) => ts > 288 * 10 * stepMs);
    expect(missed?.message).toContain("usual at this time of the week");
  });

  test("learns the days on which a plant rests, and misses a Sunday that is worked", () => {
    const stepMs = 15 * 60_000;
    const random = createRandom(8);
    const weeks = Array.from({ length: 96 * 7 * 16 }, (_, i) => {
      return (worked(i) ? 80 : 10) + random.normal();
    });
    const found = ruleOf(AutoDetector).judgeAll(weeks, 0, stepMs);
    const lastSunday = (7 * 15 + 6) * 86_400_000;
    const active = found.filter(({ state }) => state === "active");
    expect(active.filter(({ ts }) => ts > 7 * 7 * 86_400_000 && ts < lastSunday)).toEqual([]);
    expect(active.find(({ ts }) => ts > lastSunday)?.feature).toBe("season");
  });

  test("says whether the value came back or found a new level", () => {
    const spike = [...noise(600)];
    spike[500] = 95;
    expect(ruleOf(AutoDetector).judgeAll(spike).at(-1)?.message).toMatch(/behaves as usual again/);
    const step = [...noise(500), ...noise(500, 90)];
    expect(ruleOf(AutoDetector).judgeAll(step).at(-1)?.message).toMatch(
      /stays at a new level, about (89|90|91)\.?\d* l\/s since 1970-01-01 00:08:20 UTC/,
    );
  });

  test("tells of the direction only that somebody asked for", () => {
    expect(told("up")).toEqual([true]);
    expect(told("down")).toEqual([false]);
  });

  test("does not call a value unusual that somebody has accepted", () => {
    const accepted = ruleOf(AutoDetector);
    const other = ruleOf(AutoDetector);
    for (const watched of [accepted, other]) watched.judgeAll(noise(600));
    accepted.rule.accept(accepted.block, 95);
    expect(accepted.judgeAll([95, 96], 600_000)).toEqual([]);
    expect(other.judgeAll([95], 600_000)).toHaveLength(1);
  });

  test("keeps detectors that share a slab apart", () => {
    const layout = new StateLayout();
    const detector = new AutoDetector(layout);
    const slabs = new StateSlabs(layout.shape);
    const [first, second] = [slabs.take(), slabs.take()];
    const alone = singleBlock(layout.shape);
    detector.begin(alone);
    for (const place of [first, second]) detector.begin(slabs.open(place));
    for (const [i, value] of [...noise(400)].entries()) {
      detector.surprise(slabs.open(second), -1000 * value, i * 1000);
      const surprise = detector.surprise(slabs.open(first), value, i * 1000);
      expect(surprise).toBe(detector.surprise(alone, value, i * 1000));
    }
  });
});
