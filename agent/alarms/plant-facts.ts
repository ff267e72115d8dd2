/** What the alarms must know of the plant: from the gateway's file, and from the newest readings. */
import type { GatewaySettings } from "#config/gateway.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { AlarmAdvice, AlarmFacts, AlarmSite } from "#core/alarms/facts.ts";
import { matchesGlob } from "#core/alarms/glob.ts";
import { stateKey } from "#core/alarms/state-key.ts";
import { valueText } from "#core/alarms/value-text.ts";
import type { Value } from "#core/reading.ts";

/** The newest reading of a series. */
export interface NewestValue {
  readonly tag: string;
  readonly value: Value;
  readonly unit?: string;
  readonly quality: string;
}

/** What a shell would take apart stands in quotes. */
const PLAIN_WORD = /^[A-Za-z0-9_./%:-]+$/;

export class PlantFacts implements AlarmFacts {
  #settings: GatewaySettings;
  readonly #valuesOf: (device: string) => Iterable<NewestValue>;

  constructor(settings: GatewaySettings, valuesOf: (device: string) => Iterable<NewestValue>) {
    this.#settings = settings;
    this.#valuesOf = valuesOf;
  }

  reconfigure(settings: GatewaySettings): void {
    this.#settings = settings;
  }

  gatewayName(gateway: string): string {
    return gateway === "" ? this.#settings.gateway : gateway;
  }

  siteOf(_gateway: string, device: string): AlarmSite {
    const { site, devices } = this.#settings;
    const { line, bus } = (Object.hasOwn(devices, device) ? devices[device] : undefined) ?? {};
    return { site, line, bus };
  }

  unitOf(_gateway: string, device: string, tag: string): string | undefined {
    for (const row of this.#valuesOf(device)) if (row.tag === tag) return row.unit;
    return undefined;
  }

  adviceOf(_gateway: string, alarm: AlarmTransition): AlarmAdvice {
    const names = [alarm.rule, alarm.device, stateKey("", alarm)];
    for (const [pattern, { action, url }] of Object.entries(
      this.#settings.alarms.policy.runbooks,
    )) {
      if (names.some((name) => matchesGlob(pattern, name))) return { action, runbook: url };
    }
    return {};
  }

  relatedTo(
    _gateway: string,
    device: string,
    tag: string,
  ): { tag: string; value: string; unit?: string }[] {
    const related: { tag: string; value: string; unit?: string }[] = [];
    for (const { tag: other, value, unit, quality } of this.#valuesOf(device)) {
      if (other === tag || value === null || quality === "bad") continue;
      related.push({ tag: other, value: valueText(value), ...(unit !== undefined && { unit }) });
    }
    return related;
  }

  acknowledgeWith(which: string): string {
    const word = PLAIN_WORD.test(which) ? which : quoted(which);
    // What begins with a dash would be taken for an option.
    return `penstock alarm ack ${which.startsWith("-") ? "-- " : ""}${word}`;
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
