import { expect, test, vi } from "vitest";
import { LANES_DEFAULT, laneOf } from "#core/lane.ts";
import { createRandom, hashText, shuffled } from "#core/random.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

/** sfc32 as PractRand has it, in arithmetic that cannot overflow, seeded as ours is. */
function* reference(seed: number): Generator<number, never> {
  const mask = 0xffff_ffffn;
  let a = BigInt(seed);
  let b = a ^ 0x9e3779b9n;
  let c = ((a * 0x85ebca6bn) & mask) ^ 0xc2b2ae35n;
  let counter = 1n;
  for (let turn = 0; ; turn++) {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = ((((c << 21n) | (c >> 11n)) & mask) + sum) & mask;
    if (turn >= 12) yield Number(sum);
  }
}

test.each([0, 1, 42, 0xffff_ffff])("seed %d gives PractRand's sequence", (seed) => {
  const random = createRandom(seed);
  const words = reference(seed);
  for (let i = 0; i < 1000; i++) {
    const high = words.next().value;
    const low = words.next().value;
    expect(random.next()).toBe((high * 2 ** 21 + Math.floor(low / 2 ** 11)) / 2 ** 53);
  }
});

test("the same seed gives the same numbers, in every version of this program", () => {
  const random = createRandom(7);
  const first = [random.next(), random.int(1000), random.normal()];
  expect(first).toMatchInlineSnapshot(`
    [
      0.013327453684630175,
      79,
      -0.03136251880752977,
    ]
  `);
});

test("a fork does not depend on what was drawn before, and differs by name and by seed", () => {
  const drawn = createRandom(7);
  drawn.next();
  expect(drawn.fork("motor").next()).toBe(createRandom(7).fork("motor").next());
  const firsts = [
    createRandom(7).fork("motor"),
    createRandom(7).fork("pump"),
    createRandom(8).fork("motor"),
    createRandom(7).fork("motor").fork("motor"),
    createRandom(7),
  ].map((random) => random.next());
  expect(new Set(firsts).size).toBe(firsts.length);
});

test("next is spread evenly over [0, 1), int over its range", () => {
  const random = createRandom(1);
  const draws = 100_000;
  const tenths = zeros(10);
  const sixths = zeros(6);
  for (let i = 0; i < draws; i++) {
    const value = random.next();
    expect(value >= 0 && value < 1).toBe(true);
    tenths[Math.floor(value * 10)]! += 1;
    sixths[random.int(6)]! += 1;
  }
  expect(chiSquare(tenths, draws)).toBeLessThan(27.9); // 9 degrees of freedom, p = 0.001.
  expect(chiSquare(sixths, draws)).toBeLessThan(20.5); // 5 degrees of freedom, p = 0.001.
});

test("normal has mean 0, deviation 1, and the tails of a bell", () => {
  const random = createRandom(2);
  const draws = Array.from({ length: 100_000 }, () => random.normal());
  const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
  const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
  const beyondTwo = draws.filter((x) => Math.abs(x) > 2).length / draws.length;
  expect(mean).toBeCloseTo(0, 1);
  expect(variance).toBeCloseTo(1, 1);
  expect(beyondTwo).toBeCloseTo(0.0455, 2);
});

test("hashes stay what they are: lanes on disk depend on them", () => {
  expect(["", "oven-2", "Öfen", "meter-1"].map(hashText)).toMatchInlineSnapshot(`
    [
      447841614,
      2641043172,
      4242157894,
      1821530416,
    ]
  `);
  expect(
    ["oven-2", "meter-1", "press-4"].map((device) => laneOf(device, 8)),
  ).toMatchInlineSnapshot(`
    [
      4,
      0,
      1,
    ]
  `);
});

test("devices with numbered names are spread evenly over the lanes", () => {
  const counts = zeros(LANES_DEFAULT);
  for (let i = 0; i < 8000; i++) counts[laneOf(`device-${i}`, LANES_DEFAULT)]! += 1;
  expect(chiSquare(counts, 8000)).toBeLessThan(24.3); // 7 degrees of freedom, p = 0.001.
});

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function chiSquare(counts: readonly number[], draws: number): number {
  const expected = draws / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

test("shuffling keeps the items, and one seed gives one order", () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const order = shuffled(items, createRandom(3));
  expect(order).not.toEqual(items);
  expect(order.toSorted((a, b) => a - b)).toEqual(items);
  expect(shuffled(items, createRandom(3))).toEqual(order);
});
