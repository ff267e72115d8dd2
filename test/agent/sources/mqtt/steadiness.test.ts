import { expect, test } from "vitest";
import { Steadiness } from "#agent/sources/mqtt/steadiness.ts";

function brief(steadiness: Steadiness, times: number): void {
  for (let i = 0; i < times; i++) {
    steadiness.made(0);
    steadiness.ended(29_999);
  }
}

test("the third brief connection in a row is one too many, until one has held", () => {
  const steadiness = new Steadiness();
  brief(steadiness, 2);
  expect(steadiness.isUnsteady(60_000)).toBe(false);
  brief(steadiness, 1);
  expect(steadiness.isUnsteady(60_000)).toBe(true);
  steadiness.made(60_000);
  expect(steadiness.isUnsteady(89_999)).toBe(true);
  expect(steadiness.isUnsteady(90_000)).toBe(false);
  steadiness.ended(90_000);
  expect(steadiness.isUnsteady(90_000)).toBe(false);
});

test("an attempt that made no connection says nothing", () => {
  const steadiness = new Steadiness();
  for (let i = 0; i < 5; i++) steadiness.ended(0);
  expect([steadiness.wasSteady, steadiness.isUnsteady(0)]).toEqual([true, false]);
});

test("the first brief connection is followed by a quick attempt, and the second is not", () => {
  const steadiness = new Steadiness();
  brief(steadiness, 1);
  expect(steadiness.wasSteady).toBe(true);
  brief(steadiness, 1);
  expect(steadiness.wasSteady).toBe(false);
});
