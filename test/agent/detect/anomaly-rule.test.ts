import { describe, expect, test } from "vitest";
import type { AnomalyDetector, Feature } from "#agent/detect/anomaly-detector.ts";
import { AnomalyRule } from "#agent/detect/anomaly-rule.ts";
import { AutoDetectors } from "#agent/detect/auto-detector.ts";
import type { Finding } from "#agent/detect/finding.ts";
import { MedianDetector } from "#agent/detect/median-detector.ts";
import { createRandom } from "#core/random.ts";

const subject = { device: "pump-1", tag: "flow", unit: "l/s" };

function findings(rule: AnomalyRule, values: Iterable<number>, stepMs = 1000): Finding[] {
  const found: Finding[] = [];
  let ts = 0;
  for (const value of values) {
    found.push(...(rule.judge(ts, value, subject, undefined) ?? []));
    ts += stepMs;
  }
  return found;
}

function ruleOf(detector: AnomalyDetector): AnomalyRule {
  return new AnomalyRule(detector, "high");
}

function since(fromTs: number, found: readonly Finding[]): Finding[] {
  return found.filter(({ ts }) => ts >= fromTs);
}

function* noise(count: number, level = 70, spread = 0.5): Iterable<number> {
  const random = createRandom(7);
  for (let i = 0; i < count; i++) yield level + spread * random.normal();
}

const detectors: [string, () => AnomalyDetector][] = [
  ["the median detector", () => new MedianDetector()],
  ["the automatic detector", () => new AutoDetectors().create()],
];

describe.each(detectors)("%s", (_name, create) => {
  test("raises an alarm at a spike and clears it when the values are back", () => {
    const values = [...noise(600)];
    values[500] = 95;
    const found = since(499_000, findings(ruleOf(create()), values));
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
    const found = since(499_000, findings(ruleOf(create()), values));
    expect(found[0]).toMatchObject({ state: "active", ts: 500_000 });
    expect(found.at(-1)?.state).toBe("cleared");
    expect(found.length).toBeLessThanOrEqual(4);
  });

  test("is quiet while it learns, at a resting value, and at its first change", () => {
    expect(findings(ruleOf(create()), [1, 1000, -1000, 5])).toEqual([]);
    expect(
      findings(
        ruleOf(create()),
        Array.from({ length: 500 }, () => 12),
      ),
    ).toEqual([]);
    const resting = [...Array.from({ length: 500 }, () => 12), 13, 12, 12];
    expect(findings(ruleOf(create()), resting)).toEqual([]);
  });

  test("survives the largest numbers without NaN in what it says", () => {
    const values = [...noise(300), 1e300, -1e300, ...noise(100)];
    const rule = ruleOf(create());
    for (const [i, value] of values.entries()) expect(rule.score(value, i)).not.toBeNaN();
  });
});

/** The detector itself finds all things new at first; the rule above it knows that. */
const LEARNING = 500;

function whyOf(values: Iterable<number>, stepMs = 1000): Feature | undefined {
  const detector = new AutoDetectors().create();
  let ts = 0;
  for (const value of values) {
    const isNews = ts >= LEARNING * stepMs;
    if (detector.surprise(value, ts) >= 1 && isNews) return detector.explain().feature;
    ts += stepMs;
  }
  return undefined;
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
    const rule = ruleOf(new AutoDetectors().create());
    const missed = findings(rule, day, stepMs).find(({ ts }) => ts > 288 * 10 * stepMs);
    expect(missed?.message).toContain("usual at this time of day");
  });

  test("keeps detectors that share a slab apart", () => {
    const shared = new AutoDetectors();
    const [first, second] = [shared.create(), shared.create()];
    const alone = new AutoDetectors().create();
    for (const [i, value] of [...noise(400)].entries()) {
      second.surprise(-1000 * value, i * 1000);
      expect(first.surprise(value, i * 1000)).toBe(alone.surprise(value, i * 1000));
    }
  });
});
