import { expect, test } from "vitest";
import { RetentionGuard } from "#agent/buffer/retention.ts";
import { silentLogger } from "#core/log.ts";
import { ManualClock } from "#test/support/manual-clock.ts";
import { tempFolder } from "#test/support/temp-folder.ts";

test("what is dropped while the disk is being looked at is not dropped for the old figure again", async () => {
  const limits = {
    maxBytes: 1e9,
    maxAgeMs: 1e12,
    minFreeBytes: 1e18,
    whenFull: "drop-oldest",
  } as const;
  const guard = new RetentionGuard(limits, await tempFolder(), new ManualClock(), silentLogger);
  await guard.measure();
  expect(guard.isFull(0)).toBe(true);
  const looking = guard.measure();
  guard.dropped();
  await looking;
  expect(guard.isFull(0)).toBe(false);
  expect(guard.awaitsSpace).toBe(true);
  await guard.measure();
  expect(guard.isFull(0)).toBe(true);
});
