/** How numbers are packed into a series' block: what goes in comes out, and touches nothing else. */
import { describe, expect, test } from "vitest";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { type StateBlock, StateSlabs, singleBlock } from "#agent/detect/state-slabs.ts";
import { fc } from "#test/support/properties.ts";

const HOUR_MS = 3_600_000;

interface Taken {
  set(block: StateBlock, value: number): void;
  get(block: StateBlock): number;
  /** What is kept of a value. */
  kept(value: number): number;
}

type Taker = (layout: StateLayout) => Taken;

interface NumberField {
  set(block: StateBlock, value: number): void;
  get(block: StateBlock): number;
}

function numbers(take: (layout: StateLayout) => NumberField, kept: Taken["kept"]): Taker {
  return (layout) => {
    const field = take(layout);
    const set: Taken["set"] = (block, value) => field.set(block, value);
    return { set, get: (block) => field.get(block), kept };
  };
}

const saturating =
  (max: number) =>
  (value: number): number =>
    Math.min(value, max);

const takers: readonly Taker[] = [
  numbers(
    (layout) => layout.double(),
    (value) => value,
  ),
  numbers((layout) => layout.float(), Math.fround),
  numbers((layout) => layout.word(), saturating(2 ** 32 - 1)),
  numbers((layout) => layout.half(), saturating(2 ** 16 - 1)),
  numbers((layout) => layout.byte(), saturating(2 ** 8 - 1)),
  (layout) => {
    const field = layout.flag();
    return {
      set: (block, value) => field.set(block, value % 2 === 1),
      get: (block) => (field.get(block) ? 1 : 0),
      kept: (value) => value % 2,
    };
  },
  ...[1, 3, 5, 16, 63, 100, 255].map((max) => {
    const bits = Math.floor(Math.log2(max)) + 1;
    return numbers((layout) => layout.count(max), saturating(2 ** bits - 1));
  }),
];

const fields = fc.array(fc.constantFrom(...takers), { minLength: 1, maxLength: 40 });
const value = fc.oneof(fc.nat(20), fc.nat(2 ** 33));

describe("StateLayout", () => {
  test("keeps each field's number apart, as far as the field goes, and in each of many blocks", () => {
    fc.assert(
      fc.property(fields, fc.infiniteStream(value), (chosen, values) => {
        const layout = new StateLayout();
        const taken = chosen.map((take) => take(layout));
        const slabs = new StateSlabs(layout.shape);
        const places = Array.from({ length: 5 }, () => slabs.take());
        const written = places.map((place) =>
          taken.map((field) => {
            const [next = 0] = values.take(1);
            field.set(slabs.open(place), next);
            return field.kept(next);
          }),
        );
        const read = places.map((place) => taken.map((field) => field.get(slabs.open(place))));
        expect(read).toEqual(written);
      }),
    );
  });

  test("clears what was taken since, and nothing that was taken before", () => {
    fc.assert(
      fc.property(fields, fields, fc.infiniteStream(value), (given, learnt, values) => {
        const layout = new StateLayout();
        const kept = given.map((take) => take(layout));
        const { shape } = layout;
        const cleared = learnt.map((take) => take(layout));
        const block = singleBlock(layout.shape);
        for (const field of [...kept, ...cleared]) field.set(block, [...values.take(1)][0] ?? 0);
        const before = kept.map((field) => field.get(block));
        layout.clearSince(shape, block);
        expect(kept.map((field) => field.get(block))).toEqual(before);
        expect(cleared.every((field) => field.get(block) === 0)).toBe(true);
      }),
    );
  });

  test("takes no more room than the bits of its fields, to the next eight bytes", () => {
    const layout = new StateLayout();
    for (const max of [1, 1, 31, 127, 1, 10, 10, 63, 3]) layout.count(max);
    expect(layout.shape.bytes).toBe(4);
    layout.double();
    expect(new StateSlabs(layout.shape).blockBytes).toBe(16);
  });
});

describe("an instant", () => {
  const layout = new StateLayout();
  const instant = layout.instant();
  const block = singleBlock(layout.shape);

  test("comes back to a tenth of a second, for six years either way", () => {
    const ts = fc.integer({ min: -1e13, max: 1e13 });
    const ago = fc.integer({ min: -6 * 365 * 24 * HOUR_MS, max: 6 * 365 * 24 * HOUR_MS });
    fc.assert(
      fc.property(ts, ago, (since, passedMs) => {
        instant.set(block, since);
        const error = since - instant.get(block, since + passedMs);
        expect(error).toBeGreaterThanOrEqual(-100);
        expect(error).toBeLessThan(100);
      }),
    );
  });

  test("is 0 where there was none", () => {
    expect(instant.get(singleBlock(layout.shape), 1.8e12)).toBe(0);
  });
});

test("a half hour tells what has passed since, to half an hour, for three years", () => {
  const layout = new StateLayout();
  const begin = layout.halfHour();
  const block = singleBlock(layout.shape);
  const ts = fc.integer({ min: -1e13, max: 1e13 });
  fc.assert(
    fc.property(ts, fc.nat(3 * 365 * 24 * HOUR_MS), (since, passedMs) => {
      begin.set(block, since);
      expect(Math.abs(begin.passedMs(block, since + passedMs) - passedMs)).toBeLessThan(
        HOUR_MS / 2,
      );
    }),
  );
});

describe("a level", () => {
  test("keeps seven digits of its distance from the origin, wherever that is moved", () => {
    const layout = new StateLayout();
    const level = layout.level();
    const block = singleBlock(layout.shape);
    const offset = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    const near = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(offset, near, near, (origin, distance, moved) => {
        layout.origin.moveTo(block, origin);
        level.set(block, origin + distance);
        layout.origin.moveTo(block, origin + moved);
        // The sums themselves are rounded to what a double can hold at that offset.
        const error = 1000 * 2 ** -22 + Math.abs(origin) * 2 ** -50;
        expect(Math.abs(level.get(block) - (origin + distance))).toBeLessThanOrEqual(error);
      }),
    );
  });

  test("keeps infinities, and none, wherever the origin is moved", () => {
    const layout = new StateLayout();
    const [high, none] = [layout.level(), layout.level()];
    const block = singleBlock(layout.shape);
    high.set(block, Number.NEGATIVE_INFINITY);
    none.set(block, Number.NaN);
    layout.origin.settle(block, 71.2);
    layout.origin.moveTo(block, -4);
    expect(high.get(block)).toBe(Number.NEGATIVE_INFINITY);
    expect(none.shown(block)).toBeNaN();
  });

  test("is shown as the number that was put in, not as what is left of it", () => {
    const layout = new StateLayout();
    const level = layout.level();
    const block = singleBlock(layout.shape);
    layout.origin.settle(block, 0.123456789);
    level.set(block, 30);
    expect(level.get(block)).not.toBe(30);
    expect(level.shown(block)).toBe(30);
    layout.origin.moveTo(block, 123_456_789);
    level.set(block, 123_456_789.5);
    expect(level.shown(block)).toBe(123_456_789.5);
  });
});
