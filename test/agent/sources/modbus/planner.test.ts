import { describe, expect, test } from "vitest";
import {
  type Block,
  endOf,
  type PlanLimits,
  planBlocks,
  splitBlock,
} from "#agent/sources/modbus/planner.ts";
import type { Point, Span } from "#agent/sources/modbus/point.ts";
import { fc } from "#test/support/properties.ts";
import { point } from "./points.ts";

const LIMITS: PlanLimits = { registersMax: 125, bitsMax: 2000, gapMax: 8 };

describe("a plan", () => {
  test("reads neighbours in one request, and bridges small gaps only", () => {
    const blocks = planBlocks([point(20), point(0, 2), point(10), point(2)], LIMITS);
    expect(blocks.map(({ start, size }) => [start, size])).toEqual([
      [0, 11],
      [20, 1],
    ]);
  });

  test("keeps the tables apart", () => {
    const points = [point(0), point(1, 1, "input"), point(2, 1, "coil"), point(3, 1, "discrete")];
    expect(planBlocks(points, LIMITS)).toHaveLength(4);
  });

  test("reads no more than 125 registers, or 2000 bits, at once", () => {
    const registers = Array.from({ length: 126 }, (_, i) => point(i));
    expect(planBlocks(registers, LIMITS).map((block) => block.size)).toEqual([125, 1]);
    const coils = [
      point(0, 1, "coil"),
      ...Array.from({ length: 20 }, (_, i) => point(100 * (i + 1), 1, "coil")),
    ];
    expect(planBlocks(coils, LIMITS).map((block) => block.size)).toEqual([1901, 1]);
  });

  test("never touches a refused register, not even in a gap", () => {
    const refused: Span[] = [{ table: "holding", start: 3, size: 1 }];
    const blocks = planBlocks([point(2), point(4)], LIMITS, refused);
    expect(blocks.map(({ start, size }) => [start, size])).toEqual([
      [2, 1],
      [4, 1],
    ]);
  });
});

const spans = fc.array(
  fc.record({ start: fc.integer({ min: 0, max: 60 }), size: fc.integer({ min: 1, max: 4 }) }),
  { minLength: 1, maxLength: 8 },
);
const limits = fc.record({
  registersMax: fc.integer({ min: 4, max: 20 }),
  bitsMax: fc.constant(2000),
  gapMax: fc.integer({ min: 0, max: 8 }),
});
const walls = fc.array(fc.integer({ min: 0, max: 64 }), { maxLength: 3 });

test("any plan covers each point once, within the limits", () => {
  fc.assert(
    fc.property(spans, limits, walls, (given, limit, refused) => {
      const points = given.map(({ start, size }) => point(start, size));
      const refusedSpans = refused.map((start) => ({ table: "holding" as const, start, size: 1 }));
      const blocks = planBlocks(points, limit, refusedSpans);
      const planned = blocks.flatMap((block) => block.points);
      expect(new Set(planned)).toEqual(new Set(points));
      expect(planned).toHaveLength(points.length);
      for (const block of blocks) expectLegal(block, limit, refusedSpans);
    }),
  );
});

test("no plan needs fewer requests", () => {
  fc.assert(
    fc.property(spans, limits, (given, limit) => {
      const points = given.map(({ start, size }) => point(start, size));
      expect(planBlocks(points, limit)).toHaveLength(fewest(points, limit));
    }),
  );
});

test("both halves of a block hold its points", () => {
  const [block] = planBlocks([point(0), point(1, 2), point(5)], LIMITS);
  const halves = splitBlock(block!)!;
  expect(halves.map(({ start, size }) => [start, size])).toEqual([
    [0, 3],
    [5, 1],
  ]);
  expect(splitBlock(halves[1])).toBeUndefined();
});

function expectLegal(block: Block, limit: PlanLimits, refused: readonly Span[]): void {
  let end = block.start;
  for (const member of block.points.toSorted((a, b) => a.start - b.start)) {
    expect(member.start - end).toBeLessThanOrEqual(limit.gapMax);
    end = Math.max(end, endOf(member));
  }
  expect(block.start).toBe(Math.min(...block.points.map((member) => member.start)));
  expect(endOf(block)).toBe(end);
  if (block.points.length < 2) return;
  expect(block.size).toBeLessThanOrEqual(limit.registersMax);
  for (const wall of refused) {
    expect(wall.start >= endOf(block) || endOf(wall) <= block.start).toBe(true);
  }
}

/** The least number of legal blocks, by trying every set of points as the first point's block. */
function fewest(points: readonly Point[], limit: PlanLimits): number {
  const [first, ...others] = points;
  if (!first) return 0;
  let best = Number.POSITIVE_INFINITY;
  for (let mask = 0; mask < 2 ** others.length; mask++) {
    const members = [first, ...others.filter((_, i) => mask & (1 << i))];
    if (!isLegal(members, limit)) continue;
    best = Math.min(
      best,
      1 +
        fewest(
          others.filter((_, i) => !(mask & (1 << i))),
          limit,
        ),
    );
  }
  return best;
}

function isLegal(members: readonly Point[], limit: PlanLimits): boolean {
  const sorted = members.toSorted((a, b) => a.start - b.start);
  let end = sorted[0]!.start;
  for (const member of sorted) {
    if (member.start - end > limit.gapMax) return false;
    end = Math.max(end, endOf(member));
  }
  return members.length === 1 || end - sorted[0]!.start <= limit.registersMax;
}
