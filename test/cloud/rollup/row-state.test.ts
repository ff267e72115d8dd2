import { describe, expect, test } from "vitest";
import { rowJson } from "#cloud/rollup/row-json.ts";
import { RowState } from "#cloud/rollup/row-state.ts";
import { SUM_TERM_MAX } from "#core/exact-sum.ts";
import type { Value } from "#core/reading.ts";
import { fc } from "#test/support/properties.ts";

interface Sample {
  value: Value;
  bad: boolean;
  ts: number;
  epoch: string;
  lane: number;
  seq: number;
  index: number;
}

function add(state: RowState, sample: Sample): void {
  if (sample.bad) state.addBad();
  else state.add(sample.value, sample.ts, sample, sample.index);
}

function of(list: readonly Sample[]): RowState {
  const state = new RowState();
  for (const sample of list) add(state, sample);
  return state;
}

function bytes(state: RowState): string {
  const key = { gateway: "g", device: "d", tag: "t" };
  return JSON.stringify(rowJson(key, "1m", 0, state, 0));
}

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 0.1, -0.1, 1e16, -1e16, 1e300, 5e-324, 2e300),
  fc.boolean(),
  fc.string({ maxLength: 4 }),
  fc.constant(null),
);

/** Distinct places, few distinct times: ties are the rule. */
const samples = fc.uniqueArray(
  fc.record({
    value,
    bad: fc.boolean(),
    ts: fc.integer({ min: 0, max: 3 }),
    epoch: fc.constantFrom("a", "b"),
    lane: fc.integer({ min: 0, max: 1 }),
    seq: fc.integer({ min: 0, max: 3 }),
    index: fc.integer({ min: 0, max: 3 }),
  }),
  {
    maxLength: 60,
    selector: ({ ts, epoch, lane, seq, index }) => `${ts} ${epoch} ${lane} ${seq} ${index}`,
  },
);

describe("a row's state", () => {
  test("is the same for any order of its readings, and any cut into merged parts", () => {
    fc.assert(
      fc.property(
        samples.chain((all) =>
          fc.record({
            all: fc.constant(all),
            shuffled: fc.shuffledSubarray(all, { minLength: all.length }),
            parts: fc.array(fc.nat(4), { minLength: all.length, maxLength: all.length }),
            order: fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }),
          }),
        ),
        ({ all, shuffled, parts, order }) => {
          const whole = new RowState();
          for (const sample of all) add(whole, sample);
          const states = Array.from({ length: 5 }, () => new RowState());
          for (const [at, sample] of shuffled.entries()) add(states[parts[at]!]!, sample);
          const merged = new RowState();
          for (const part of order) merged.merge(states[part]!);
          expect(bytes(merged)).toBe(bytes(whole));
        },
      ),
    );
  });

  test("merges in any grouping to the same", () => {
    fc.assert(
      fc.property(samples, samples, samples, (a, b, c) => {
        const left = of(a);
        left.merge(of(b));
        left.merge(of(c));
        const right = of(b);
        right.merge(of(c));
        const outer = of(a);
        outer.merge(right);
        expect(bytes(left)).toBe(bytes(outer));
      }),
    );
  });

  test("has no sum of what is no number, and counts what no sum can hold as bad", () => {
    const state = new RowState();
    const place = { epoch: "e", lane: 0, seq: 0 };
    state.add("run", 1, place, 0);
    state.add(Number.NaN, 2, place, 1);
    state.add(SUM_TERM_MAX * 2, 3, place, 2);
    state.add(null, 4, place, 3);
    expect(JSON.parse(bytes(state))).toMatchObject({
      count: 1,
      bad: 3,
      sum: null,
      mean: null,
      min: null,
      first: "run",
      lastTs: 1,
    });
  });

  test("keeps apart 0 and −0, which a comparison does not", () => {
    const place = { epoch: "e", lane: 0, seq: 0 };
    for (const values of [
      [0, -0],
      [-0, 0],
    ]) {
      const state = new RowState();
      for (const [index, zero] of values.entries()) state.add(zero, 0, place, index);
      expect(Object.is(state.min, -0)).toBe(true);
      expect(Object.is(state.max, 0)).toBe(true);
    }
  });
});
