/**
 * Suppression by design: which alarm explains which. A bus that is dead, noisy or cannot start
 * explains that its devices are silent, a silent device that its tags are stale, a stale tag that its
 * detectors find it odd; and whoever knows that a value is beyond HH need not hear that it is beyond H.
 */
import { DEVICE_TAG, GATEWAY_DEVICE } from "../own-names.ts";
import type { AlarmPlace } from "./state-key.ts";
import { stateKey } from "./state-key.ts";

const LOST_BUS: ReadonlySet<string> = new Set(["stopped", "dead", "noisy"]);
const OF_LOST_BUS: ReadonlySet<string> = new Set(["silent", "stale"]);
const OF_SILENT_DEVICE: ReadonlySet<string> = new Set([
  "stale",
  "gap",
  "anomaly",
  "stuck",
  "drift",
  "counter",
]);
const OF_STALE_TAG: ReadonlySet<string> = new Set(["anomaly", "stuck", "drift", "counter"]);
/** By rule: the rule of the same tag that says more. */
const GRAVER: Readonly<Record<string, string>> = { "limit-h": "limit-hh", "limit-l": "limit-ll" };

/** Keys of the alarms that would explain this one, the deepest cause first. */
export function causesOf(gateway: string, alarm: AlarmPlace, bus: string | undefined): string[] {
  const { device, tag, rule } = alarm;
  const causes: string[] = [];
  if (bus !== undefined && OF_LOST_BUS.has(rule)) {
    causes.push(
      stateKey(gateway, { device: GATEWAY_DEVICE, tag: `(bus ${bus})`, rule: "stopped" }),
      stateKey(gateway, { device: GATEWAY_DEVICE, tag: bus, rule: "dead" }),
      stateKey(gateway, { device: GATEWAY_DEVICE, tag: bus, rule: "noisy" }),
    );
  }
  if (OF_SILENT_DEVICE.has(rule) && tag !== DEVICE_TAG) {
    causes.push(stateKey(gateway, { device, tag: DEVICE_TAG, rule: "silent" }));
  }
  if (OF_STALE_TAG.has(rule)) causes.push(stateKey(gateway, { device, tag, rule: "stale" }));
  const graver = Object.hasOwn(GRAVER, rule) ? GRAVER[rule] : undefined;
  if (graver !== undefined) causes.push(stateKey(gateway, { device, tag, rule: graver }));
  return causes;
}

/** Whose alarms may have this one as their cause. */
export function reachOf({ device, tag, rule }: AlarmPlace): "gateway" | "device" | "none" {
  if (device === GATEWAY_DEVICE && LOST_BUS.has(rule)) return "gateway";
  if (rule === "silent" && tag === DEVICE_TAG) return "device";
  return rule === "stale" || rule === "limit-hh" || rule === "limit-ll" ? "device" : "none";
}

/**
 * Of what comes in together, causes come before what they explain, so that nothing is told that
 * the next one explains. Transitions of one alarm keep their order.
 */
export function causesFirst<T extends AlarmPlace & { readonly ts: number }>(
  alarms: readonly T[],
): readonly T[] {
  if (alarms.length < 2) return alarms;
  return alarms.toSorted((a, b) => a.ts - b.ts || depthOf(b) - depthOf(a));
}

function depthOf(alarm: AlarmPlace): number {
  const reach = reachOf(alarm);
  if (reach === "gateway") return 3;
  if (reach === "none") return 0;
  return alarm.rule === "silent" ? 2 : 1;
}
