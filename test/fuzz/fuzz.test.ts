/** The bounded fuzz of every run of the tests; `npm run fuzz -- --minutes N` goes on for longer. */
import { describe, expect, test } from "vitest";
import { createRandom } from "#core/random.ts";
import { findTargets } from "./find-targets.ts";
import { type Finding, Fuzzer, thrownBy } from "./fuzzer.ts";
import { mutated, pieces } from "./mutation.ts";
import { BrokenPromise, bytes, type FuzzTarget, holds } from "./target.ts";

const INPUTS = 150;

const targets = await findTargets();

describe("with wrong inputs", () => {
  test.each(targets)("$name: $describe", { timeout: 60_000 }, async (target) => {
    const fuzzer = new Fuzzer(target, 1);
    for (let i = 0; i < INPUTS; i++) expect(await fuzzer.step()).toBeUndefined();
  });

  test.each(targets)("$name takes its own seeds", async (target) => {
    for (const seed of target.seeds) expect(await thrownBy(target, seed)).toBeUndefined();
  });
});

const weak: FuzzTarget = {
  name: "weak",
  describe: "cannot take an exclamation mark",
  seeds: bytes("hello", "world"),
  dictionary: bytes("!"),
  feed: (input) => holds(!input.includes(0x21), "no exclamation mark comes"),
};

async function firstFinding(seed: number): Promise<Finding> {
  const fuzzer = new Fuzzer(weak, seed);
  for (;;) {
    const finding = await fuzzer.step();
    if (finding) return finding;
  }
}

describe("the fuzzer", () => {
  test("finds what a parser cannot take, and finds it again by seed and number", async () => {
    const found = await firstFinding(5);
    expect(found.what).toContain("no exclamation mark comes");
    const again = await firstFinding(5);
    expect([again.number, again.input]).toEqual([found.number, found.input]);
  });

  test("makes different inputs, and cuts them into pieces that are the whole", () => {
    const random = createRandom(1);
    const inputs = Array.from({ length: 100 }, () => mutated(weak, random));
    expect(new Set(inputs.map((input) => input.toString("hex"))).size).toBeGreaterThan(60);
    for (const input of inputs) {
      expect(Buffer.concat(pieces(input, random)).equals(input)).toBe(true);
    }
  });

  test("a broken promise says which", () => {
    expect(() => holds(false, "frames end")).toThrow(BrokenPromise);
  });
});
