import { expect, test } from "vitest";
import { SurplusAnswers } from "#agent/sources/modbus/surplus-answers.ts";

test("a unit that answers twice is followed by a rest twice as long as its second answer took", () => {
  const surplus = new SurplusAnswers();
  surplus.answered(2, 1000);
  expect(surplus.restMs(2, 1000)).toBe(0);
  surplus.arrived(2, 1015);
  expect(surplus.restMs(2, 1015)).toBe(30);
  surplus.answered(2, 2000);
  surplus.arrived(2, 2005);
  expect(surplus.restMs(2, 2005)).toBe(30);
  expect(surplus.restMs(3, 2005)).toBe(0);
});

test("it is trusted again a minute after the last one", () => {
  const surplus = new SurplusAnswers();
  surplus.answered(2, 0);
  surplus.arrived(2, 10);
  expect([surplus.restMs(2, 60_009), surplus.restMs(2, 60_010)]).toEqual([20, 0]);
});

test("what comes much later, or of a unit that was not asked last, costs no rest", () => {
  const surplus = new SurplusAnswers();
  surplus.arrived(2, 0);
  surplus.answered(3, 0);
  surplus.arrived(2, 10);
  surplus.arrived(undefined, 10);
  surplus.arrived(3, 251);
  expect([surplus.restMs(2, 251), surplus.restMs(3, 251)]).toEqual([0, 0]);
});
