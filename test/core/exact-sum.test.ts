import { describe, expect, test, vi } from "vitest";
import { ExactSum, SUM_TERM_MAX } from "#core/exact-sum.ts";
import { createRandom } from "#core/random.ts";
import { fc } from "#test/support/properties.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

/** Every finite double is a whole number of these. */
const QUANTUM_EXPONENT = -1074;
const bits = new DataView(new ArrayBuffer(8));

/** The double in units of 2^-1074, exactly. */
function scaled(value: number): bigint {
  bits.setFloat64(0, value);
  const word = bits.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = exponent === 0 ? fraction : ((1n << 52n) | fraction) << BigInt(exponent - 1);
  return value < 0 ? -magnitude : magnitude;
}

/** The nearest double to a number of quanta, ties to even: by long division, not by floats. */
function nearestDouble(quanta: bigint): number {
  const sign = quanta < 0n ? -1 : 1;
  const magnitude = quanta < 0n ? -quanta : quanta;
  const excess = Math.max(0, magnitude.toString(2).length - 53);
  const shift = BigInt(excess);
  let kept = magnitude >> shift;
  const rest = magnitude - (kept << shift);
  const half = excess === 0 ? 1n : 1n << (shift - 1n);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept += 1n;
  // In two steps: 2^-1074 times 2^53 alone would not reach, and 2^excess may be huge.
  return sign * Number(kept) * 2 ** Math.max(QUANTUM_EXPONENT, excess + QUANTUM_EXPONENT);
}

function exact(terms: readonly number[]): bigint {
  return terms.reduce((sum, term) => sum + scaled(term), 0n);
}

function sumOf(terms: readonly number[]): ExactSum {
  const sum = new ExactSum();
  for (const term of terms) sum.add(term);
  return sum;
}

const anyDouble = fc
  .double({ noNaN: true, noDefaultInfinity: true, min: -SUM_TERM_MAX, max: SUM_TERM_MAX })
  .map((x) => x + 0);
const sensorLike = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((x) => x / 100 + 0);
/** Halves and quarters of units in the last place: where rounding has ties to break. */
const nearTies = fc
  .tuple(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -110, max: 60 }))
  .map(([x, exponent]) => x * 2 ** exponent + 0);
const terms = fc.array(fc.oneof(anyDouble, sensorLike, nearTies), { maxLength: 40 });

describe("the sum of doubles", () => {
  test("equals the sum in whole-number arithmetic", () => {
    fc.assert(
      fc.property(terms, (list) => {
        expect(exact(sumOf(list).canonical())).toBe(exact(list));
      }),
      { numRuns: 1000 },
    );
  });

  test("is rounded to the nearest double, ties to even", () => {
    fc.assert(
      fc.property(terms, (list) => {
        expect(sumOf(list).rounded()).toBe(nearestDouble(exact(list)) + 0);
      }),
      { numRuns: 1000 },
    );
  });

  test("does not depend on the order, nor on how partial sums were cut and stored", () => {
    fc.assert(
      fc.property(terms, fc.nat(), fc.array(fc.nat(40), { maxLength: 5 }), (list, seed, cuts) => {
        const whole = sumOf(list).canonical();
        const random = createRandom(seed);
        const shuffled = list
          .map((term) => ({ term, key: random.next() }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ term }) => term);
        const borders = [0, ...cuts.toSorted((a, b) => a - b), list.length];
        const merged = new ExactSum();
        for (const [i, end] of borders.entries()) {
          merged.addSum(sumOf(shuffled.slice(borders[i - 1] ?? 0, end)).canonical());
        }
        expect(merged.canonical()).toStrictEqual(whole);
        const stored: number[] = JSON.parse(JSON.stringify(whole));
        const read = new ExactSum();
        read.addSum(stored);
        expect(read.canonical()).toStrictEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("has one canonical form for one value, and another for another", () => {
    fc.assert(
      fc.property(terms, terms, (a, b) => {
        const same = exact(a) === exact(b);
        expect(JSON.stringify(sumOf(a).canonical()) === JSON.stringify(sumOf(b).canonical())).toBe(
          same,
        );
      }),
      { numRuns: 500 },
    );
  });

  test("of terms that cancel is nothing at all", () => {
    fc.assert(
      fc.property(terms, (list) => {
        const sum = sumOf([...list, ...list.map((term) => -term).toReversed()]);
        expect(sum.canonical()).toEqual([]);
        expect(sum.rounded()).toBe(0);
      }),
    );
  });

  test("keeps what plain addition loses", () => {
    expect(sumOf([1e100, 1, -1e100]).rounded()).toBe(1);
    expect(sumOf(Array.from({ length: 10 }, () => 0.1)).rounded()).toBe(1);
    expect(sumOf([2 ** 53, 1, 5e-324]).canonical()).toEqual([2 ** 53 + 2, -1, 5e-324]);
  });

  test("of the largest terms allowed stays exact", () => {
    const list = Array.from({ length: 1000 }, (_, i) => (i % 3 === 0 ? -1 : 1) * SUM_TERM_MAX);
    expect(exact(sumOf(list).canonical())).toBe(exact(list));
  });

  test("of negative zeros is plain zero", () => {
    expect(sumOf([-0, -0]).canonical()).toEqual([]);
    expect(Object.is(sumOf([-0]).rounded(), 0)).toBe(true);
  });
});
