import { expect, test } from "vitest";
import { parseUnitFault, unitFaultKinds } from "#sim/modbus/unit-fault.ts";

test("every kind can be asked for by its name alone", () => {
  for (const kind of unitFaultKinds) expect(parseUnitFault(kind)).toMatchObject({ kind });
});

test("a number is an exception's code or milliseconds", () => {
  expect(parseUnitFault("exception:2")).toEqual({ kind: "exception", code: 2 });
  expect(parseUnitFault("delay:1500")).toEqual({ kind: "delay", delayMs: 1500 });
  expect(parseUnitFault("slow:20")).toEqual({ kind: "slow", byteEveryMs: 20 });
});

test.each([
  "",
  "tired",
  "dead:1",
  "delay:",
  "delay:-1",
  "exception:0",
  "exception:256",
  "delay:1 ",
])("%j is refused", (text) => {
  expect(parseUnitFault(text)).toBeUndefined();
});
