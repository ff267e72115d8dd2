import { expect, test } from "vitest";
import { textTable } from "#config/command-line/text-table.ts";

test("columns are as wide as their widest cell takes on a terminal", () => {
  const rows = [
    ["オーブン", "late", "x"],
    ["o\u0308fen", "ok", "25 °C"],
  ];
  expect(textTable(["name", "state", "why"], rows).split("\n")).toEqual([
    "name      state  why",
    "オーブン  late   x",
    "o\u0308fen      ok     25 °C",
  ]);
});

test("a cell is one line, and steers no terminal", () => {
  expect(textTable(["a"], [["red\u001B[31m\nred"]])).toBe("a\nred [31m red");
});
