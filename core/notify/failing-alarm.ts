/** That somebody cannot be told is an alarm itself, of the gateway's or the sink's own. Pure. */
import type { AlarmTransition } from "../alarm.ts";
import { oneLine } from "./one-line.ts";

const FAILING_RULE = "notification-failing";

/**
 * Whether an alarm is about one of our own channels. In the sink those of the gateways are alarms like
 * any other, although their recipients may have the same names.
 * @param device `GATEWAY_DEVICE` or `SINK`: whose channels are meant
 */
export function isOfOwnChannel(
  alarm: Pick<AlarmTransition, "device" | "rule">,
  device: string,
): boolean {
  return alarm.rule === FAILING_RULE && alarm.device === device;
}

const REASON_MAX = 300;

/**
 * @param device `GATEWAY_DEVICE` or `SINK`
 * @param address of the channel: `shift.webhook`
 * @param reason undefined once it delivers again
 */
export function failingAlarm(
  device: string,
  address: string,
  reason: string | undefined,
  ts: number,
): AlarmTransition {
  const isFailing = reason !== undefined;
  return {
    id: `${device} ${FAILING_RULE} ${address} ${isFailing ? "begun" : "over"} ${ts}`,
    device,
    tag: address,
    rule: FAILING_RULE,
    state: isFailing ? "active" : "cleared",
    priority: "high",
    ts,
    value: isFailing ? 1 : 0,
    expected: 0,
    message: isFailing
      ? `${address} cannot be told of alarms: ${oneLine(reason, REASON_MAX)}`
      : `${address} can be told of alarms again.`,
  };
}
