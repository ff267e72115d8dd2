/** What notices say of the plant beside the alarm itself: from the registry of devices and the rules. */

import type { AlarmRule } from "#config/sink/alarm-rules.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmAdvice, AlarmFacts, AlarmSite } from "#core/alarms/facts.ts";
import type { DeviceRow } from "../store/contract.ts";
import { pipelineAdvice } from "./pipeline-judge.ts";

export class PlantFacts implements AlarmFacts {
  readonly #rules: ReadonlyMap<string, AlarmRule>;
  readonly #series = new Map<string, DeviceRow>();
  /** One series of each device: they stand in one place. */
  readonly #devices = new Map<string, DeviceRow>();

  constructor(rules: readonly AlarmRule[]) {
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]));
  }

  /** The registry as it is now. */
  replace(devices: readonly DeviceRow[]): void {
    this.#series.clear();
    this.#devices.clear();
    for (const row of devices) {
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

  adviceOf(_gateway: string, { rule }: AlarmTransition): AlarmAdvice {
    const known = this.#rules.get(rule);
    return known
      ? { action: known.action, runbook: known.runbook }
      : { action: pipelineAdvice(rule) };
  }

  /** Would have to be read from the database for each notice. */
  relatedTo(): [] {
    return [];
  }

  acknowledgeWith(key: string): string {
    return `penstock-cloud alarm ack --config sink.yaml '${key.replaceAll("'", String.raw`'\''`)}'`;
  }
}

function nameOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
