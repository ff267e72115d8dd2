/** Whatever happens to the alarms, in whatever order, and however often their keeper is killed. */

import { expect, test } from "vitest";
import { fc } from "#test/support/properties.ts";
import { action, RandomPlant } from "./random-plant.ts";

test("each raise that may be told is told once, each end follows, and a kill changes nothing", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const plant = new RandomPlant();
      for (const next of actions) plant.run(next);
      // Longer than anything waits: a group, a flood, chatter, shelving, maintenance.
      plant.pass(180_000);
      expect(plant.owing).toEqual([]);
      plant.turnOff();
      plant.pass(180_000);
      expect([...plant.openNotices]).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
