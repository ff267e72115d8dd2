/** What has to be done to go from one configuration to another: only what differs. Pure. */
import type { GatewaySettings } from "#config/gateway.ts";
import { keyText, type SourceKey, sourceBases } from "./source-bases.ts";

export interface ReloadPlan {
  /** Sections on which everything rests: where one differs, the whole agent starts anew. */
  readonly whole: readonly string[];
  readonly stop: readonly SourceKey[];
  /** Those that are new, and those that were stopped and still exist. */
  readonly start: readonly SourceKey[];
  readonly uplink: boolean;
  /** Who is told of alarms, and how. */
  readonly alarms: boolean;
  /** Devices whose series are described, conditioned or judged otherwise from now on. */
  readonly devices: readonly string[];
}

const FOUNDATION = ["gateway", "buffer", "clock", "http", "log"] as const;

export function planReload(before: GatewaySettings, after: GatewaySettings): ReloadPlan {
  const was = new Map(sourceBases(before).map((source) => [keyText(source.key), source]));
  const willBe = new Map(sourceBases(after).map((source) => [keyText(source.key), source]));
  return {
    whole: FOUNDATION.filter((section) => differ(before[section], after[section])),
    stop: [...was.values()]
      .filter(({ key, basis }) => willBe.get(keyText(key))?.basis !== basis)
      .map(({ key }) => key),
    start: [...willBe.values()]
      .filter(({ key, basis }) => was.get(keyText(key))?.basis !== basis)
      .map(({ key }) => key),
    uplink: differ(before.uplink, after.uplink),
    alarms: differ(before.alarms, after.alarms),
    devices: devicesThatDiffer(before, after),
  };
}

function isNothing({ whole, stop, start, uplink, alarms, devices }: ReloadPlan): boolean {
  return [whole, stop, start, devices].every((part) => part.length === 0) && !uplink && !alarms;
}

/** One sentence for the log, and for whoever asked. */
export function planText(plan: ReloadPlan): string {
  if (isNothing(plan)) return "nothing differs";
  if (plan.whole.length > 0) return `everything starts anew: ${plan.whole.join(", ")} changed`;
  const stopped = new Set(plan.stop.map(keyText));
  const started = new Set(plan.start.map(keyText));
  const parts = [
    ...[...started].map((key) => `${key} ${stopped.has(key) ? "restarted" : "started"}`),
    ...[...stopped].filter((key) => !started.has(key)).map((key) => `${key} stopped`),
    ...(plan.uplink ? ["uplink restarted"] : []),
    ...(plan.alarms ? ["alarms told otherwise"] : []),
    ...(plan.devices.length > 0 ? [`${plan.devices.length} devices judged anew`] : []),
  ];
  return parts.join(", ");
}

function devicesThatDiffer(before: GatewaySettings, after: GatewaySettings): string[] {
  const names = new Set([...Object.keys(before.devices), ...Object.keys(after.devices)]);
  const everywhere = differ(before.site, after.site);
  return [...names].filter(
    (name) => everywhere || differ(before.devices[name], after.devices[name]),
  );
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
