import { expect, test } from "vitest";
import { DueHeap } from "#agent/intake/due-heap.ts";
import { fc } from "#test/support/properties.ts";

test("gives back each item when it is due, the earliest first", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { maxLength: 60 }), fc.nat(60), (times, nowMs) => {
      const heap = new DueHeap<number>();
      for (const atMs of times) heap.add(atMs, atMs);
      const taken: number[] = [];
      for (let item = heap.take(nowMs); item !== undefined; item = heap.take(nowMs)) {
        taken.push(item);
      }
      expect(taken).toEqual(times.filter((atMs) => atMs <= nowMs).toSorted((a, b) => a - b));
    }),
  );
});
