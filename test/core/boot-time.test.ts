import { expect, test } from "vitest";
import { BOOT_NUMBER_MAX, decodeBootTime, encodeBootTime, isBootTime } from "#core/boot-time.ts";
import { fc } from "#test/support/properties.ts";

test("a time on a boot's scale says which boot it is of, and is told from wall time", () => {
  const boot = fc.integer({ min: 1, max: BOOT_NUMBER_MAX });
  const sinceBootMs = fc.integer({ min: 0, max: 1e12 });
  fc.assert(
    fc.property(boot, sinceBootMs, (number, ms) => {
      const ts = encodeBootTime({ boot: number, sinceBootMs: ms });
      expect(isBootTime(ts)).toBe(true);
      expect(Number.isNaN(new Date(ts).getTime())).toBe(false);
      expect(decodeBootTime(ts)).toEqual({ boot: number, sinceBootMs: ms });
    }),
  );
});

test("1970 is wall time", () => {
  expect(isBootTime(0)).toBe(false);
});
