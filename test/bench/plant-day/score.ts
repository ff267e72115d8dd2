/** What was planted against what was raised. */
import type { AlarmTransition } from "#core/alarm.ts";
import { PLANTED_KINDS, type PlantedFault, type PlantedKind } from "./planted-faults.ts";

/** Which rules name the trouble rightly. Others find it, too: a spike may break a limit. */
const NAMED_BY: Readonly<Record<PlantedKind, readonly string[]>> = {
  spike: ["anomaly"],
  limit: ["limit-hh", "limit-ll"],
  "level shift": ["anomaly"],
  drift: ["drift", "anomaly"],
  stuck: ["stuck"],
  stale: ["stale"],
  gap: ["gap"],
  "counter back": ["counter"],
};

/** An alarm so many readings behind a fault is about its end. */
const TAIL_READINGS = 100;

export interface KindRow {
  readonly fault: PlantedKind;
  readonly planted: number;
  readonly found: number;
  readonly recall: number;
  /** Found by a rule of that name. */
  readonly named: number;
  /** From the fault's begin to the first alarm, half of the faults found, in readings. */
  readonly medianReadings: number;
}

export interface RuleRow {
  readonly rule: string;
  readonly raised: number;
  readonly aboutFaults: number;
  readonly precision: number;
  readonly pages: number;
  readonly falsePages: number;
}

export class Score {
  readonly #alarms: readonly AlarmTransition[];
  readonly #faults: readonly PlantedFault[];
  readonly #stepMs: number;
  readonly #byDevice: ReadonlyMap<string, PlantedFault[]>;

  constructor(alarms: readonly AlarmTransition[], faults: readonly PlantedFault[], stepMs: number) {
    this.#alarms = alarms;
    this.#faults = faults;
    this.#stepMs = stepMs;
    this.#byDevice = Map.groupBy(faults, ({ device }) => device);
  }

  /** @param untilMs a fault that lasts longer is cut short, and not counted */
  kinds(untilMs: number): KindRow[] {
    const first = new Map<PlantedFault, number>();
    const named = new Set<PlantedFault>();
    for (const alarm of this.#alarms) {
      for (const fault of this.#causesOf(alarm)) {
        if (!first.has(fault)) first.set(fault, (alarm.ts - fault.fromMs) / this.#stepMs);
        if (NAMED_BY[fault.kind].includes(alarm.rule)) named.add(fault);
      }
    }
    return PLANTED_KINDS.map((kind) => {
      const planted = this.#faults.filter((fault) => fault.kind === kind && fault.toMs <= untilMs);
      const delays = planted.flatMap((fault) => first.get(fault) ?? []).toSorted((a, b) => a - b);
      return {
        fault: kind,
        planted: planted.length,
        found: delays.length,
        recall: delays.length / planted.length,
        named: planted.filter((fault) => named.has(fault)).length,
        medianReadings: Math.round(delays[delays.length >> 1] ?? Number.NaN),
      };
    });
  }

  rules(): RuleRow[] {
    const byRule = Map.groupBy(this.#alarms, ({ rule }) => rule);
    return [...byRule].map(([rule, alarms]) => {
      const about = alarms.filter((alarm) => this.#causesOf(alarm).length > 0).length;
      return {
        rule,
        raised: alarms.length,
        aboutFaults: about,
        precision: about / alarms.length,
        pages: alarms.filter(isPage).length,
        falsePages: alarms.filter((alarm) => isPage(alarm) && !this.isAboutFault(alarm)).length,
      };
    });
  }

  isAboutFault(alarm: AlarmTransition): boolean {
    return this.#causesOf(alarm).length > 0;
  }

  #causesOf({ device, tag, ts }: AlarmTransition): PlantedFault[] {
    const tailMs = TAIL_READINGS * this.#stepMs;
    return (this.#byDevice.get(device) ?? []).filter(
      (fault) => (fault.tag ?? tag) === tag && ts >= fault.fromMs && ts <= fault.toMs + tailMs,
    );
  }
}

/** Whoever is called for it gets up at night. */
export function isPage({ priority }: AlarmTransition): boolean {
  return priority !== "low";
}
