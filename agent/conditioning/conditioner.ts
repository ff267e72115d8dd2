/**
 * What the gateway's file asks of a tag, whichever source its readings come from: first what they
 * are worth (`assess`: plausible, smoothed), later which of them are stored (`isKept`). Detection
 * stands between the two, so that a deadband saves space and hides nothing from the alarms.
 */
import type { Quality, QualityReason, Value } from "#core/reading.ts";
import { createDeadband, type Deadband } from "./deadband.ts";
import { Plausibility, type PlausibilitySettings } from "./plausibility.ts";
import { type FilterSettings, Smoothing } from "./smoothing.ts";
import { Throttle } from "./throttle.ts";

export interface TagConditions extends PlausibilitySettings {
  readonly deadband?: number | string | undefined;
  readonly maxSilence?: number | undefined;
  readonly filter?: (FilterSettings & { minInterval?: number | undefined }) | undefined;
  /** What a register is, for the end of a counter; a tag without one has none. */
  readonly register?: number | undefined;
  readonly type?: string | undefined;
  readonly scale?: number | undefined;
  readonly offset?: number | undefined;
  readonly scaleRegister?: number | undefined;
}

export interface Assessed {
  value: Value;
  quality: Quality;
  reason: QualityReason | undefined;
}

export class Conditioner {
  readonly #plausibility: Plausibility;
  readonly #smoothing: Smoothing | undefined;
  readonly #throttle: Throttle | undefined;
  readonly #deadband: Deadband | undefined;

  constructor(conditions: TagConditions) {
    const { filter } = conditions;
    const isSmoothed = filter?.median !== undefined || filter?.mean !== undefined;
    this.#plausibility = new Plausibility(conditions, counterMaxOf(conditions));
    this.#smoothing = isSmoothed ? new Smoothing(filter) : undefined;
    this.#throttle =
      filter?.minInterval === undefined ? undefined : new Throttle(filter.minInterval);
    this.#deadband = createDeadband(conditions);
  }

  /** What the reading is worth. A value that its source doubts stays doubted. */
  assess(given: Assessed, ts: number): Assessed {
    const { value, quality } = given;
    if (value === null) this.#smoothing?.reset();
    if (quality === "bad") return given;
    const verdict = this.#plausibility.judge(value, ts);
    if (verdict.quality === "bad" || (verdict.quality === "uncertain" && quality === "good")) {
      return { value, quality: verdict.quality, reason: verdict.reason };
    }
    if (!this.#smoothing || quality !== "good" || typeof value !== "number") return given;
    return { value: this.#smoothing.smooth(value, ts), quality, reason: undefined };
  }

  /** Whether the reading is to be stored. */
  isKept(value: Value, quality: Quality, ts: number): boolean {
    if (this.#throttle && !this.#throttle.isDue(quality, ts)) return false;
    return this.#deadband?.isNews(value, quality, ts) ?? true;
  }
}

/** Undefined where the file asks nothing of the tag. */
export function createConditioner(conditions: TagConditions): Conditioner | undefined {
  const { counter, range, maxRate, deadband, filter } = conditions;
  const isAsked =
    counter === true || [range, maxRate, deadband, filter].some((key) => key !== undefined);
  return isAsked ? new Conditioner(conditions) : undefined;
}

/** What a counter of this type reaches before it starts anew. */
const COUNTER_MAX: Readonly<Record<string, number>> = {
  int16: 0x7fff,
  uint16: 0xffff,
  int32: 0x7fff_ffff,
  uint32: 0xffff_ffff,
  bcd16: 9999,
  bcd32: 99_999_999,
};

/** Unknown where there is no register, and with a factor from one: then its range is not known. */
function counterMaxOf(conditions: TagConditions): number | undefined {
  const { register, type = "", scale = 1, offset = 0, scaleRegister } = conditions;
  const rawMax = COUNTER_MAX[type];
  if (rawMax === undefined || register === undefined || scaleRegister !== undefined) {
    return undefined;
  }
  return rawMax * scale + offset;
}
