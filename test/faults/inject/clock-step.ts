/** The gateway's wall clock jumps, and jumps back: a dead battery, a wrong NTP server, a technician. */
import type { Inject } from "./injection.ts";

/** From a second to a month, each magnitude as likely as another. */
const LONGEST_SECONDS = 30 * 86_400;

export const clockStep: Inject = async ({ rig }, _fault, random) => {
  const magnitude = Math.round(LONGEST_SECONDS ** random.next());
  const seconds = random.next() < 0.5 ? -magnitude : magnitude;
  rig.gatewayClock.setOffset(seconds);
  return {
    what: `the gateway's clock is off by ${seconds} s`,
    heal: () => rig.gatewayClock.setOffset(0),
  };
};
