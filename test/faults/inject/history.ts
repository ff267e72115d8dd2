/**
 * 48 hours of backlog: while the uplink is cut, a device delivers what it has recorded, a message a
 * minute with ten values; when the uplink heals, all of it drains beside live data.
 */
import type { Sample } from "../extra-devices.ts";
import { EXTRA_TAGS } from "../extra-devices.ts";
import type { Inject } from "./injection.ts";

const MINUTES = 48 * 60;
const MINUTE_MS = 60_000;

export const history: Inject = async ({ rig, clock, extraDevices }, { number }) => {
  await rig.links.uplink.cut();
  const publisher = extraDevices.publish(
    `history-${number}`,
    rig.devicesPort,
    samplesUntil(clock.now(), number),
  );
  return {
    what: `${MINUTES} messages of the last 48 hours`,
    heal: async () => {
      await rig.links.uplink.heal();
      return `${MINUTES - publisher.unacknowledged} of them acknowledged while the uplink was cut`;
    },
  };
};

function samplesUntil(nowMs: number, number: number): Sample[] {
  return Array.from({ length: MINUTES }, (_, index) => ({
    ts: Math.floor(nowMs) - (MINUTES - index) * MINUTE_MS,
    values: Float64Array.from(EXTRA_TAGS, (_tag, column) => number + index / 8 + column / 4096),
  }));
}
