import { expect, test, vi } from "vitest";
import { editDistance, nearest } from "#config/faults/nearest.ts";
import { fc } from "#test/support/properties.ts";

// Many runs each, on machines that other work may keep busy.
vi.setConfig({ testTimeout: 60_000 });

const KEYS = ["register", "coil", "discrete", "type", "order", "h", "hh", "key", "maxBytes"];

test.each([
  ["regster", "register"],
  ["regisetr", "register"],
  ["MAXBYTES", "maxBytes"],
  ["maxbyte", "maxBytes"],
  ["kye", "key"],
  ["tpye", "type"],
])("%s is meant to be %s", (word, wanted) => {
  expect(nearest(word, KEYS)).toBe(wanted);
});

test.each(["banana", "x", "", "registerregister"])("%j is meant to be none of the keys", (word) => {
  expect(nearest(word, KEYS)).toBeUndefined();
});

const word = fc.string({ maxLength: 12 });

test("the distance is 0 for equal words only, the same both ways, and at most the longer length", () => {
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance === 0).toBe(a === b);
      expect(editDistance(b, a)).toBe(distance);
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test("one letter added, lost or swapped with its neighbour is one step", () => {
  expect(editDistance("gateway", "gatway")).toBe(1);
  expect(editDistance("gateway", "gatewayy")).toBe(1);
  expect(editDistance("gateway", "gaetway")).toBe(1);
});
