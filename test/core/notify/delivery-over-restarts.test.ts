/** What a process leaves behind for the next one, and what a broken disk does to it. */

import { beforeEach, describe, expect, test } from "vitest";
import { MANUAL_CLOCK_START_MS } from "#test/support/manual-clock.ts";
import { fc } from "#test/support/properties.ts";
import { DeliveryRig, HOUR_MS, MINUTE_MS, numbered } from "./delivery-rig.ts";
import { madeEnd, madeNotice } from "./made-notice.ts";
import { AWAY } from "./outbox-disk.ts";

let rig: DeliveryRig;

beforeEach(() => {
  rig = new DeliveryRig();
});

describe("the next process", () => {
  test("tells what waited, with the same ids, in its order", async () => {
    rig.receiver.outcome = () => AWAY;
    const first = rig.start();
    // A store gives its entries in any order.
    for (const notice of numbered(3).toReversed()) first.tell(notice);
    first.tell(madeEnd({ at: MANUAL_CLOCK_START_MS + 2, key: "d2/t/r" }));
    await rig.clock.advance(MINUTE_MS);
    await first.stop();
    rig.receiver.outcome = () => undefined;
    rig.start();
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.receiver.taken.map(({ kind, id }) => [kind, id])).toEqual([
      ["raised", "raised/0"],
      ["raised", "raised/1"],
      ["raised", "raised/2"],
      ["cleared", madeEnd().id],
    ]);
  });

  test("goes on with the pause of a receiver that fails", async () => {
    rig.receiver.outcome = () => AWAY;
    const first = rig.start();
    first.tell(madeNotice());
    await rig.clock.advance(20 * MINUTE_MS);
    await first.stop();
    const before = rig.receiver.tried.length;
    rig.start();
    await rig.clock.advance(0);
    expect(rig.receiver.tried).toHaveLength(before);
    await rig.clock.advance(5 * MINUTE_MS);
    expect(rig.receiver.tried.length).toBeGreaterThan(before);
  });

  test("breaks off what is being told, and tells it again", async () => {
    rig.receiver.outcome = () => "silence";
    const first = rig.start();
    first.tell(madeNotice());
    await rig.clock.advance(1000);
    await first.stop();
    expect(rig.disk.entries).toHaveLength(1);
    rig.receiver.outcome = () => undefined;
    rig.start();
    await rig.clock.advance(0);
    expect(rig.receiver.tried).toEqual([madeNotice().id, madeNotice().id]);
  });
});

test("a disk that cannot be written keeps no notice from anybody, and catches up", async () => {
  rig.disk.isBroken = true;
  const running = rig.start();
  for (const notice of numbered(5)) running.tell(notice);
  await rig.clock.advance(MINUTE_MS);
  expect(rig.receiver.taken).toHaveLength(5);
  expect(rig.disk.entries).toHaveLength(5);
  rig.disk.isBroken = false;
  await rig.clock.advance(2 * MINUTE_MS);
  expect(rig.disk.entries).toEqual([]);
  expect(rig.disk.journal).toHaveLength(5);
  expect(rig.disk.writes).toBe(1);
});

test("whatever fails and whenever the process ends, each notice is taken, in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.constant("tell" as const) },
          fc.constant("crash" as const),
          fc.constant("disk" as const),
          fc.constantFrom(AWAY, "silence" as const, undefined),
          fc.integer({ min: 0, max: 10 * MINUTE_MS }),
        ),
        { maxLength: 40 },
      ),
      async (steps) => {
        rig = new DeliveryRig();
        let running = rig.start();
        let told = 0;
        for (const step of steps) {
          if (step === "tell") running.tell(madeNotice({ id: `${told++}`, at: rig.clock.now() }));
          else if (step === "disk") rig.disk.isBroken = !rig.disk.isBroken;
          else if (typeof step === "number") await rig.clock.advance(step);
          else if (step === "crash") {
            await running.stop();
            running = rig.start();
          } else rig.receiver.outcome = () => step;
          // Two notices of one millisecond have no order between them on the rig.disk.
          await rig.clock.advance(1);
        }
        rig.receiver.outcome = () => undefined;
        rig.disk.isBroken = false;
        await rig.clock.advance(HOUR_MS);
        const firsts = [...new Set(rig.idsTaken())];
        expect(firsts).toEqual(Array.from({ length: told }, (_, i) => `${i}`));
        expect(rig.disk.entries).toEqual([]);
        await running.stop();
      },
    ),
    { numRuns: 200 },
  );
});
