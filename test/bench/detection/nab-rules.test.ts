import { describe, expect, test } from "vitest";
import { eventScore, learningRows, NAB_PROFILES, nabScore, rateRows } from "./nab-rules.ts";

const ROWS = 1000;
const rows = rateRows(ROWS, [
  [400, 449],
  [700, 749],
]);
const [standard, lowFalsePositive, lowFalseNegative] = NAB_PROFILES;

function score(alarms: readonly number[], profile = standard): number {
  const scores = new Float64Array(ROWS);
  for (const row of alarms) scores[row] = 1;
  return nabScore([{ rows, scores }], profile!, 0.5);
}

describe("NAB's rules", () => {
  test("give 100 for the first row of each window, and 0 for saying nothing", () => {
    expect(score([400, 700])).toBeCloseTo(100, 10);
    expect(score([])).toBe(0);
    expect(score([400, 700], lowFalseNegative)).toBeCloseTo(100, 10);
  });

  test("pay once a window, for the earliest detection, less when it is late", () => {
    expect(score([400, 420, 449, 700])).toBeCloseTo(100, 10);
    expect(score([440, 700])).toBeLessThan(90);
    expect(score([440, 700])).toBeGreaterThan(score([700]));
  });

  test("charge for false alarms, twice under low FP, and less shortly behind a window", () => {
    const alone = 100 - score([400, 700, 300]);
    expect(alone).toBeCloseTo((100 * 0.11) / 4, 10);
    expect(100 - score([400, 700, 300], lowFalsePositive)).toBeCloseTo(2 * alone, 10);
    expect(100 - score([400, 700, 455])).toBeLessThan(alone / 2);
  });

  test("leave out the rows for learning", () => {
    expect(learningRows(ROWS)).toBe(150);
    expect(learningRows(20_000)).toBe(750);
    expect(score([0, 149, 400, 700])).toBeCloseTo(100, 10);
    expect(score([150, 400, 700])).toBeLessThan(100);
  });

  test("count events: windows found, and runs of false rows once", () => {
    const scores = new Float64Array(ROWS);
    for (const row of [200, 201, 250, 400, 420, 600]) scores[row] = 1;
    expect(eventScore([{ rows, scores }], 0.5)).toMatchObject({
      windows: 2,
      found: 1,
      falseEpisodes: 2,
      f1: 2 / 5,
    });
  });
});
