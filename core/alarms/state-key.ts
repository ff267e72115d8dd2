/** Names of alarms: readable, so that a person can type one, and never the same for two alarms. */
import type { AlarmTransition } from "../alarm.ts";

export type AlarmPlace = Pick<AlarmTransition, "device" | "tag" | "rule">;

/** `oven-2/temperature/limit-hh`; with the gateway's name first where it has one. */
export function stateKey(gateway: string, { device, tag, rule }: AlarmPlace): string {
  const parts = gateway === "" ? [device, tag, rule] : [gateway, device, tag, rule];
  return parts.map(escaped).join("/");
}

/** The slash parts names, so one within a name is written as in an address. */
export function escaped(name: string): string {
  return name.replaceAll(/[%/]/g, (sign) => (sign === "%" ? "%25" : "%2F"));
}
