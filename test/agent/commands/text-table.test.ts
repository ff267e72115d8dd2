import { expect, test } from "vitest";
import { textTable } from "#agent/commands/text-table.ts";

test("columns are as wide as their widest cell, colours not counted", () => {
  const green = "\u001B[32mok\u001B[39m";
  expect(
    textTable(
      ["name", "state", "why"],
      [
        ["a-long-name", green, "x"],
        ["b", "late", ""],
      ],
    ),
  ).toBe(
    ["name         state  why", `a-long-name  ${green}     x`, "b            late"].join("\n"),
  );
});
