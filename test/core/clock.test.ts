import { expect, test } from "vitest";
import { systemClock } from "#core/clock.ts";
import { isAbort } from "#core/errors.ts";
import { MANUAL_CLOCK_START_MS, ManualClock } from "#test/support/manual-clock.ts";

test("a manual clock stands still until it is advanced", async () => {
  const clock = new ManualClock();
  expect(clock.now()).toBe(MANUAL_CLOCK_START_MS);
  await clock.advance(250);
  expect(clock.now()).toBe(MANUAL_CLOCK_START_MS + 250);
  expect(clock.monotonic()).toBe(250);
});

test("timers fire in the order of their due times, equal ones in the order of their making", async () => {
  const clock = new ManualClock();
  const fired: string[] = [];
  clock.after("late", 20, () => fired.push(`late@${clock.monotonic()}`));
  clock.after("first", 10, () => fired.push(`first@${clock.monotonic()}`));
  clock.after("second", 10, () => fired.push(`second@${clock.monotonic()}`));
  expect(clock.waiting).toEqual(["first", "second", "late"]);
  expect(clock.nextInMs).toBe(10);
  await clock.advance(15);
  expect(fired).toEqual(["first@10", "second@10"]);
  await clock.advance(5);
  expect(fired).toEqual(["first@10", "second@10", "late@20"]);
  expect(clock.nextInMs).toBeUndefined();
});

test("a loop of sleeps runs once a period within one advance", async () => {
  const clock = new ManualClock();
  const wokenAt: number[] = [];
  const loop = (async () => {
    for (let turn = 0; turn < 3; turn++) {
      await clock.sleep(100, { name: "loop" });
      wokenAt.push(clock.monotonic());
    }
  })();
  await clock.advance(1000);
  await loop;
  expect(wokenAt).toEqual([100, 200, 300]);
});

test("a repeating timer fires until it is cancelled, and may cancel itself", async () => {
  const clock = new ManualClock();
  let turns = 0;
  const timer = clock.every("poll", 10, () => {
    turns += 1;
    if (turns === 3) timer.cancel();
  });
  await clock.advance(100);
  expect(turns).toBe(3);
  expect(clock.waiting).toEqual([]);
});

test("a cancelled timer does not fire", async () => {
  const clock = new ManualClock();
  let fired = false;
  clock
    .after("never", 10, () => {
      fired = true;
    })
    .cancel();
  await clock.advance(100);
  expect(fired).toBe(false);
});

test("stepping the wall clock moves neither the monotonic scale nor a timer", async () => {
  const clock = new ManualClock(1000);
  let fired = 0;
  clock.after("soon", 10, () => {
    fired += 1;
  });
  clock.stepWall(-3_600_000);
  expect(clock.now()).toBe(1000 - 3_600_000);
  expect(clock.monotonic()).toBe(0);
  expect(fired).toBe(0);
  clock.setWall(5000);
  await clock.advance(10);
  expect(clock.now()).toBe(5010);
  expect(fired).toBe(1);
});

test.each([
  ["the manual clock", new ManualClock()],
  ["the system clock", systemClock],
])("%s rejects an aborted sleep with an AbortError, before and during it", async (_, clock) => {
  const early = AbortSignal.abort();
  const refused = await clock.sleep(60_000, { name: "early", signal: early }).catch(String);
  expect(refused).toContain("AbortError");

  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, { name: "long", signal: controller.signal });
  controller.abort();
  const error: unknown = await sleeping.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isAbort(error)).toBe(true);
});

test("an aborted sleep leaves no timer behind", async () => {
  const clock = new ManualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(60_000, { name: "long", signal: controller.signal });
  controller.abort();
  await expect(sleeping).rejects.toThrow("aborted");
  expect(clock.waiting).toEqual([]);
});

test("the system clock fires once after, repeatedly every, and never after a cancel", async () => {
  const counts = { once: 0, repeated: 0, cancelled: 0 };
  const startMs = systemClock.monotonic();
  systemClock.after("cancelled", 1, () => counts.cancelled++).cancel();
  await new Promise<void>((resolve) => {
    systemClock.after("once", 1, () => counts.once++);
    const timer = systemClock.every("repeated", 2, () => {
      counts.repeated += 1;
      if (counts.repeated < 3) return;
      timer.cancel();
      resolve();
    });
  });
  expect(counts).toEqual({ once: 1, repeated: 3, cancelled: 0 });
  expect(systemClock.monotonic()).toBeGreaterThan(startMs);
  expect(Math.abs(systemClock.now() - (performance.timeOrigin + performance.now()))).toBeLessThan(
    60_000,
  );
});
