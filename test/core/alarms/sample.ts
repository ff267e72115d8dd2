/** Alarms, facts and policies for the tests of the model. */
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmEffects, KeptAlarms } from "#core/alarms/contract.ts";
import type { AlarmFacts } from "#core/alarms/facts.ts";
import { ALARM_POLICY, type AlarmPolicy } from "#core/alarms/policy.ts";

export const START_MS = 1_763_707_200_000;

export const NOTHING_KEPT: KeptAlarms = {
  states: [],
  maintenance: [],
  outbox: [],
  lastJournalId: 0,
};

export const POLICY: AlarmPolicy = { ...ALARM_POLICY, latch: ["limit-ll"] };

/** All meters hang on one bus, all ovens on none. */
export const FACTS: AlarmFacts = {
  gatewayName: (gateway) => (gateway === "" ? "hall-3" : gateway),
  siteOf: (_gateway, device) =>
    device.startsWith("meter-") ? { site: "north", bus: "rs485-a" } : { site: "north" },
  unitOf: () => "°C",
  adviceOf: (_gateway, { rule }) =>
    rule === "limit-hh" ? { action: "Turn the burner off.", runbook: "https://wiki/ovens" } : {},
  relatedTo: () => [{ tag: "power", value: "12.5", unit: "kW" }],
  acknowledgeWith: (pattern) => `penstock alarm ack ${pattern}`,
};

/** A transition; `place` is `device/tag/rule`. */
export function transition(
  place: string,
  state: "active" | "cleared",
  ts: number,
  priority: AlarmTransition["priority"] = "medium",
): AlarmTransition {
  const [device = "", tag = "", rule = ""] = place.split("/");
  return {
    id: `${place}/${state}/${ts}`,
    device,
    tag,
    rule,
    state,
    priority,
    ts,
    value: 241,
    expected: 240,
    message: `${device} ${tag} is 241 °C, above its limit of 240 °C`,
  };
}

/** The notices in short: kind and title. */
export function told({ notices }: AlarmEffects): string[] {
  return notices.map(({ kind, title }) => `${kind}: ${title}`);
}

/** What was journaled, in short. */
export function journaled({ write }: AlarmEffects): string[] {
  return (write.journal ?? []).map(({ kind, key }) => `${kind} ${key}`);
}
