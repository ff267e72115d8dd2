/**
 * One device's faults, one after the other, as a Poisson process drawn from its own seed: the same
 * seed and the same start plant the same faults. Only gauges fall ill; a counter stays a counter.
 */
import type { Random } from "#core/random.ts";
import { type Fault, faultDurationMs, faultKinds, faultReach } from "./fault.ts";

const HOUR_MS = 3_600_000;

/** What a schedule must know of a tag. */
export interface FaultTarget {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  readonly low: number;
  readonly high: number;
}

export interface FaultScheduleSettings {
  device: string;
  tags: readonly FaultTarget[];
  /** Mean number of faults a device and hour; 0 plants none. */
  faultsPerHour: number;
  /** No fault begins within this time: detectors must learn what is sound. */
  warmUpMs: number;
}

export class FaultSchedule {
  readonly #settings: FaultScheduleSettings;
  readonly #random: Random;
  readonly #gauges: readonly number[];

  constructor(settings: FaultScheduleSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#gauges = settings.tags.flatMap((tag, index) => (tag.kind === "gauge" ? [index] : []));
  }

  /** The first fault of a device that starts at `startMs`. */
  first(startMs: number): Fault | undefined {
    return this.next(startMs + this.#settings.warmUpMs);
  }

  /** The next fault after `afterMs`; undefined where none are planted. */
  next(afterMs: number): Fault | undefined {
    const { device, tags, faultsPerHour } = this.#settings;
    if (!(faultsPerHour > 0) || this.#gauges.length === 0) return undefined;
    const random = this.#random;
    const fromMs = Math.round(afterMs - (Math.log(1 - random.next()) * HOUR_MS) / faultsPerHour);
    const kind = faultKinds[random.int(faultKinds.length)] ?? "spike";
    const tagIndex = this.#gauges[random.int(this.#gauges.length)] ?? 0;
    const tag = tags[tagIndex];
    const reach = between(random, faultReach[kind]) * ((tag?.high ?? 1) - (tag?.low ?? 0));
    return {
      device,
      tag: tag?.name ?? "",
      tagIndex,
      kind,
      fromMs,
      toMs: fromMs + Math.round(between(random, faultDurationMs[kind])),
      amplitude: random.next() < 0.5 ? -reach : reach,
    };
  }
}

function between(random: Random, [low, high]: readonly [number, number]): number {
  return low + (high - low) * random.next();
}
