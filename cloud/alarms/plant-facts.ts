/** What notices say of the plant beside the alarm itself: from the registry of devices and the rules. */

import type { AlarmRule } from "#config/sink/alarm-rules.ts";
import type { SinkAlarmSettings } from "#config/sink/alarms.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Notice } from "#core/alarms/contract.ts";
import type { AlarmAdvice, AlarmFacts, AlarmSite } from "#core/alarms/facts.ts";
import { matchesGlob } from "#core/alarms/glob.ts";
import { stateKey } from "#core/alarms/state-key.ts";
import { isOwnDevice } from "#core/own-names.ts";
import type { DeviceRow } from "../store/contract.ts";
import { pipelineAdvice } from "./pipeline-judge.ts";
import type { RelatedValues } from "./related-values.ts";

type Runbook = SinkAlarmSettings["policy"]["runbooks"][string];

export class PlantFacts implements AlarmFacts {
  readonly #file: string;
  readonly #values: Pick<RelatedValues, "of">;
  readonly #rules: ReadonlyMap<string, AlarmRule>;
  readonly #runbooks: readonly (readonly [pattern: string, Runbook])[];
  readonly #series = new Map<string, DeviceRow>();
  /** One series of each device: they stand in one place. */
  readonly #devices = new Map<string, DeviceRow>();

  /** @param file where the settings stand */
  constructor(
    { rules, policy }: Pick<SinkAlarmSettings, "rules" | "policy">,
    file: string,
    values: Pick<RelatedValues, "of">,
  ) {
    this.#file = file;
    this.#values = values;
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]));
    this.#runbooks = Object.entries(policy.runbooks);
  }

  /** The registry as it is now. */
  replace(devices: readonly DeviceRow[]): void {
    this.#series.clear();
    this.#devices.clear();
    for (const row of devices) {
      // What a sender describes as the gateway itself says nothing of the gateway's own alarms.
      if (isOwnDevice(row.device)) continue;
      this.#series.set(nameOf(row.gateway, row.device, row.tag), row);
      this.#devices.set(nameOf(row.gateway, row.device), row);
    }
  }

  gatewayName(gateway: string): string {
    return gateway;
  }

  siteOf(gateway: string, device: string): AlarmSite {
    const { site, line, source } = this.#devices.get(nameOf(gateway, device)) ?? {};
    return { site, line, bus: source === "mqtt" ? undefined : source };
  }

  unitOf(gateway: string, device: string, tag: string): string | undefined {
    return this.#series.get(nameOf(gateway, device, tag))?.unit;
  }

  /** What a rule says itself comes first. */
  adviceOf(gateway: string, alarm: AlarmTransition): AlarmAdvice {
    const own = this.#rules.get(alarm.rule);
    if (own?.action !== undefined || own?.runbook !== undefined) {
      return { action: own.action, runbook: own.runbook };
    }
    const names = [alarm.rule, alarm.device, stateKey("", alarm), stateKey(gateway, alarm)];
    for (const [pattern, { action, url }] of this.#runbooks) {
      if (names.some((name) => matchesGlob(pattern, name))) return { action, runbook: url };
    }
    return { action: pipelineAdvice(alarm.rule) };
  }

  relatedTo(gateway: string, device: string, tag: string): NonNullable<Notice["related"]> {
    const others = this.#values.of(gateway, device).filter((each) => each.tag !== tag);
    return others.map(({ tag: other, value }) => {
      const unit = this.unitOf(gateway, device, other);
      return unit === undefined ? { tag: other, value } : { tag: other, value, unit };
    });
  }

  acknowledgeWith(which: string): string {
    // What begins with a dash would be taken for an option.
    const word = `${which.startsWith("-") ? "-- " : ""}${quoted(which)}`;
    return `penstock-cloud alarm ack --config ${quoted(this.#file)} ${word}`;
  }
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w./%:-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
