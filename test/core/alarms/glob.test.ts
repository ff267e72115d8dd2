import { expect, test } from "vitest";
import { matchesAnyGlob, matchesGlob } from "#core/alarms/glob.ts";
import { fc } from "#test/support/properties.ts";

test.each([
  ["oven-*", "oven-2", true],
  ["oven-*", "oven-", true],
  ["oven-*", "an-oven-2", false],
  ["*", "", true],
  ["", "", true],
  ["", "x", false],
  ["*-2", "oven-2-2", true],
  ["*-2", "oven-2-3", false],
  ["?", "x", true],
  ["?", "", false],
  ["hall-3/*/temp*", "hall-3/oven-2/temperature", true],
  ["a.c", "abc", false],
  ["Oven", "oven", false],
])("%j against %j: %s", (pattern, name, expected) => {
  expect(matchesGlob(pattern, name)).toBe(expected);
});

test("one of several patterns is enough", () => {
  expect(matchesAnyGlob(["oven-*", "meter-1"], "meter-1")).toBe(true);
  expect(matchesAnyGlob([], "meter-1")).toBe(false);
});

test("agrees with a regular expression", () => {
  const letter = fc.constantFrom("a", "b", ".", "*", "?");
  const text = fc.array(letter, { maxLength: 12 }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
      const simple = source.replaceAll(/(?:\.\*)+/g, ".*");
      expect(matchesGlob(pattern, name)).toBe(new RegExp(`^${simple}$`, "s").test(name));
    }),
    { numRuns: 2000 },
  );
});

test("is not held up by a pattern of many stars", () => {
  expect(matchesGlob("*a".repeat(5000), "a".repeat(4999))).toBe(false);
});
