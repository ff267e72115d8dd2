import { describe, expect, test } from "vitest";
import { CoarseMeans, type Codes } from "#agent/detect/coarse-means.ts";
import { HourCodes, QuarterCodes } from "#agent/detect/season-codes.ts";
import { StateLayout } from "#agent/detect/state-layout.ts";
import { type StateBlock, singleBlock } from "#agent/detect/state-slabs.ts";
import { fc } from "#test/support/properties.ts";

const COUNT = 24;
const mean = fc.oneof(
  fc.double({ min: -100, max: 100, noNaN: true }),
  fc.double({ min: -1e37, max: 1e37, noNaN: true }),
  fc.constantFrom(0, 1e-30, -5e-324),
);

interface Row {
  readonly means: CoarseMeans;
  readonly codes: Codes;
  readonly block: StateBlock;
}

function hours(): Row & { readonly codes: HourCodes } {
  const layout = new StateLayout();
  const codes = new HourCodes(layout.half(COUNT), COUNT);
  const means = new CoarseMeans(codes, layout.byte(), layout.float());
  return { means, codes, block: singleBlock(layout.shape) };
}

function quarters(): Row {
  const layout = new StateLayout();
  const codes = new QuarterCodes(layout.byte(COUNT), COUNT);
  const means = new CoarseMeans(codes, layout.byte(), layout.float());
  return { means, codes, block: singleBlock(layout.shape) };
}

/** Goes through all places, in a circle, and sets each; then gives what is there. */
function roundTrip({ means, block }: Row, values: readonly number[]): number[] {
  for (const [place, value] of values.entries()) {
    means.current.set(block, value);
    means.turn(block, place, (place + 1) % COUNT);
  }
  return values.map((_, place) => {
    const read = means.current.get(block);
    means.turn(block, place, (place + 1) % COUNT);
    return read;
  });
}

describe.each([
  ["the hours' means", hours, 511],
  ["the quarters' means", quarters, 127],
] as const)("%s", (_name, make, max) => {
  test("come back to a step, of which the largest has at least half of all there are", () => {
    fc.assert(
      fc.property(fc.array(mean, { minLength: COUNT, maxLength: COUNT }), (values) => {
        const largest = Math.max(...values.map(Math.abs));
        const step = largest / (max / 2);
        for (const [place, read] of roundTrip(make(), values).entries()) {
          expect(Math.abs(read - (values[place] ?? 0))).toBeLessThanOrEqual(1.5 * step + 1e-38);
        }
      }),
    );
  });

  test("get a finer step again when the largest has gone", () => {
    const row = make();
    const small = Array.from({ length: COUNT }, (_, i) => i / COUNT);
    roundTrip(row, [1e6, ...small.slice(1)]);
    for (const [place, read] of roundTrip(row, small).entries()) {
      expect(Math.abs(read - (small[place] ?? 0))).toBeLessThan(2 / max);
    }
  });
});

describe("HourCodes", () => {
  test("keep their means and their counts apart, and count to 63", () => {
    const { codes, block } = hours();
    codes.set(block, 3, -511);
    for (let i = 0; i < 70; i++) codes.look(block, 3);
    expect(codes.looks(block, 3)).toBe(63);
    expect(codes.get(block, 3)).toBe(-511);
    codes.set(block, 3, 511);
    expect([codes.get(block, 3), codes.looks(block, 3)]).toEqual([511, 63]);
    expect([codes.get(block, 4), codes.looks(block, 4)]).toEqual([0, 0]);
  });
});
