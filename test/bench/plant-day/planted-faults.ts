/**
 * Faults of the kinds that anybody would call clear, planted on a sound device one after the other.
 * All from one seed: the truth is known, and a run can be repeated.
 */
import type { Random } from "#core/random.ts";
import type { TagSpec } from "#sim/signals/device-model.ts";

export const PLANTED_KINDS = [
  "spike",
  "limit",
  "level shift",
  "drift",
  "stuck",
  "stale",
  "gap",
  "counter back",
] as const;

export type PlantedKind = (typeof PLANTED_KINDS)[number];

export interface PlantedFault {
  readonly kind: PlantedKind;
  readonly device: string;
  /** Undefined where the whole device is silent. */
  readonly tag: string | undefined;
  readonly tagIndex: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** In ordinary ranges of the tag, with sign; of a counter, in shares of its value. */
  readonly reach: number;
}

/** How long a fault is there, in readings: what is short for one rate is long for another. */
const READINGS: Readonly<Record<PlantedKind, readonly [number, number]>> = {
  spike: [1, 3],
  limit: [20, 60],
  "level shift": [120, 240],
  drift: [1000, 2000],
  stuck: [60, 180],
  stale: [60, 180],
  gap: [7, 9],
  "counter back": [20, 20],
};

/** A shorter one is no gap at any rate. */
const GAP_MS_MIN = 15_000;

const REACH: Readonly<Record<PlantedKind, readonly [number, number]>> = {
  spike: [1.5, 3],
  limit: [0.6, 0.8],
  "level shift": [0.8, 1.4],
  drift: [0.8, 1.4],
  stuck: [0, 0],
  stale: [0, 0],
  gap: [0, 0],
  "counter back": [-0.05, -0.01],
};

export class FaultPlanter {
  readonly faults: PlantedFault[] = [];
  readonly #device: string;
  readonly #tags: readonly TagSpec[];
  readonly #random: Random;
  readonly #stepMs: number;
  readonly #pauseMs: number;
  #next: PlantedFault;
  #frozen = Number.NaN;
  /** What a counter that was set back lacks from then on. */
  readonly #lacking: Float64Array;

  /** @param pauseMs mean sound time between two faults */
  constructor(
    { device, tags }: { device: string; tags: readonly TagSpec[] },
    { fromMs, stepMs, pauseMs }: { fromMs: number; stepMs: number; pauseMs: number },
    random: Random,
  ) {
    this.#device = device;
    this.#tags = tags;
    this.#random = random;
    this.#stepMs = stepMs;
    this.#pauseMs = pauseMs;
    this.#lacking = new Float64Array(tags.length);
    this.#next = this.#plan(fromMs);
  }

  /** Makes the sample faulty in place, where a fault is on; false where the device gives nothing. */
  apply(ts: number, values: Float64Array): boolean {
    for (let i = 0; i < values.length; i++) {
      values[i] = (values[i] ?? Number.NaN) - (this.#lacking[i] ?? 0);
    }
    if (ts >= this.#next.toMs) this.#next = this.#plan(this.#next.toMs);
    const fault = this.#next;
    if (ts < fault.fromMs) return true;
    if (this.faults.at(-1) !== fault) {
      this.faults.push(fault);
      this.#begin(fault, values);
    }
    const sound = values[fault.tagIndex] ?? Number.NaN;
    values[fault.tagIndex] = this.#faulty(fault, ts, sound);
    return fault.kind !== "stale" && fault.kind !== "gap";
  }

  #begin({ kind, tagIndex, reach }: PlantedFault, values: Float64Array): void {
    const sound = values[tagIndex] ?? Number.NaN;
    this.#frozen = sound;
    if (kind !== "counter back") return;
    this.#lacking[tagIndex] = (this.#lacking[tagIndex] ?? 0) - reach * sound;
    values[tagIndex] = sound + reach * sound;
  }

  #faulty(
    { kind, tagIndex, fromMs, toMs, reach }: PlantedFault,
    ts: number,
    sound: number,
  ): number {
    const { low = 0, high = 1 } = this.#tags[tagIndex] ?? {};
    const range = high - low;
    switch (kind) {
      case "limit":
        return reach > 0 ? high + reach * range : low + reach * range;
      case "spike":
      case "level shift":
        return sound + reach * range;
      case "drift":
        return sound + (reach * range * (ts - fromMs)) / (toMs - fromMs);
      case "stuck":
        return this.#frozen;
      default:
        return sound;
    }
  }

  #plan(afterMs: number): PlantedFault {
    const random = this.#random;
    const kind = PLANTED_KINDS[random.int(PLANTED_KINDS.length)] ?? "spike";
    const wanted = kind === "counter back" ? "counter" : "gauge";
    const places = this.#tags.flatMap((tag, i) => (tag.kind === wanted ? [i] : []));
    const tagIndex = places[random.int(places.length)] ?? 0;
    const isSilent = kind === "stale" || kind === "gap";
    const fromMs = afterMs + Math.round((0.5 + random.next()) * this.#pauseMs);
    const readings = Math.round(between(random, READINGS[kind]));
    const leastMs = kind === "gap" ? GAP_MS_MIN : 0;
    const size = between(random, REACH[kind]);
    return {
      kind,
      device: this.#device,
      tag: isSilent ? undefined : this.#tags[tagIndex]?.name,
      tagIndex,
      fromMs,
      toMs: fromMs + Math.max(leastMs, readings * this.#stepMs),
      reach: kind !== "counter back" && random.next() < 0.5 ? -size : size,
    };
  }
}

function between(random: Random, [low, high]: readonly [number, number]): number {
  return low + (high - low) * random.next();
}
