import { expect, test } from "vitest";
import { run } from "./plant-day.ts";

const CLEAR: ReadonlySet<string> = new Set([
  "spike",
  "limit",
  "level shift",
  "stuck",
  "stale",
  "gap",
]);

test("on a day of the simulated plant faults are found, and nobody is woken for nothing", async () => {
  const { kinds, falsePagesPerDay } = await run(["--devices", "6", "--days", "2", "--every", "10"]);
  const clear = kinds.filter(({ fault }) => CLEAR.has(fault));
  const planted = clear.reduce((sum, row) => sum + row.planted, 0);
  const found = clear.reduce((sum, row) => sum + row.found, 0);
  expect(planted).toBeGreaterThan(20);
  expect(found / planted).toBeGreaterThan(0.9);
  expect(falsePagesPerDay).toBe(0);
});
