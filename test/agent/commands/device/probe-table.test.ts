import { expect, test } from "vitest";
import { bestOf, probeTable, yamlOf } from "#agent/commands/device/probe-table.ts";
import { interpret } from "#agent/sources/modbus/interpretations.ts";

/** A float32 of 71.2 whose registers are swapped, from the register 40001 on. */
const found = interpret(
  new Map([
    [-1, 0],
    [0, 0x6666],
    [1, 0x428e],
    [2, 0],
    [3, 0],
    [4, 0],
  ]),
);

test("the table has a row for each type and order, a column for each address, and marks", () => {
  const lines = probeTable({ register: 40_001, found }).split("\n");
  expect(lines[0]).toMatch(/^type +order +at 40000 +at 40001 +at 40002$/);
  expect(lines).toContainEqual(expect.stringMatching(/^float32 +CDAB +\S+ +71\.2 \* +/));
  expect(lines).toHaveLength(1 + 34);
});

test("with the value that the device displays, only what fits is marked", () => {
  const table = probeTable({ register: 40_001, found, expected: 71 });
  expect(table).toMatch(/float32 +CDAB +\S+ +71\.2 <==/);
  // Half of it is read as well from one register further on, in the other order.
  expect(table).toMatch(/float32 +ABCD +\S+ +\S+ +71 <==/);
  expect(table.match(/<==|\*/g)).toHaveLength(2);
  const [best] = bestOf({ register: 40_001, found, expected: 71 });
  expect(best).toMatchObject({ order: "CDAB", shift: 0, scale: 1 });
});

test("the simplest that fits comes first, ready to be pasted", () => {
  const [best] = bestOf({ register: 40_001, found });
  expect(yamlOf(40_001, best!)).toBe("{ register: 40001, type: float32, order: CDAB }");
  const scaled = bestOf({
    register: 40_001,
    found: interpret(new Map([[0, 2301]])),
    expected: 230,
  });
  expect(yamlOf(40_001, scaled[0]!)).toMatch(
    /^\{ register: 40001(, type: int16)?, scale: 0\.1 \}$/,
  );
});
