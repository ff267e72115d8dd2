import { expect, test } from "vitest";
import { numberIn, wholeIn } from "#config/command-line/number-option.ts";

test("a number within its bounds is taken", () => {
  expect([numberIn("rate", "0.5", 0.1, 50), wholeIn("seed", "7", 0, 9)]).toEqual([0.5, 7]);
});

test.each(["", " ", "x", "1e9", "-1", "NaN"])("%j is misuse", (text) => {
  expect(() => numberIn("rate", text, 0, 50)).toThrow(
    /^--rate .*: expected a number from 0 to 50$/,
  );
});

test("a fraction is no whole number", () => {
  expect(() => wholeIn("seed", "1.5", 0, 9)).toThrow("--seed 1.5: expected a whole number");
});
