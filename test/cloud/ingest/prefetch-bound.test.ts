import { expect, test } from "vitest";
import { PrefetchBound } from "#cloud/ingest/prefetch-bound.ts";

const of = (bytes: number): { body: Buffer }[] => [{ body: Buffer.alloc(bytes) }];

test("small events are bounded by their number, large ones by their bytes over all partitions", () => {
  const bound = new PrefetchBound();
  bound.readOf(32);
  for (let at = 0; at < 50; at++) bound.saw(of(300));
  expect(bound.events).toBe(200);
  bound.saw(of(100 * 1024));
  expect(bound.events * 32 * 100 * 1024).toBeLessThanOrEqual(128 * 1024 * 1024);
  bound.saw(of(1024 * 1024));
  expect(bound.events).toBe(8);
});

test("one large event is forgotten in time", () => {
  const bound = new PrefetchBound();
  bound.readOf(32);
  bound.saw(of(1024 * 1024));
  for (let at = 0; at < 50; at++) bound.saw(of(300));
  expect(bound.events).toBe(200);
});
