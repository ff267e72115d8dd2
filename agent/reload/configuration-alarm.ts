import type { AlarmTransition } from "#core/alarm.ts";
import { GATEWAY_DEVICE } from "#core/own-names.ts";

/** Begins where the file has faults, and ends where it has none. */
export function configurationAlarm(
  file: string,
  faults: readonly string[],
  ts: number,
): AlarmTransition {
  const [first] = faults;
  const isFaulty = first !== undefined;
  return {
    id: `${GATEWAY_DEVICE} configuration ${isFaulty ? "faulty" : "good"} ${ts}`,
    device: GATEWAY_DEVICE,
    tag: "(configuration)",
    rule: "faulty",
    state: isFaulty ? "active" : "cleared",
    priority: "medium",
    ts,
    value: faults.length,
    expected: 0,
    message: isFaulty
      ? `${file} has faults, and the last good configuration runs: ${first}`
      : `${file} is good again.`,
  };
}
