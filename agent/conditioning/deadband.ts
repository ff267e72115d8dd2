/**
 * Leaves out readings that say nothing new: good values within a band around the last one that was
 * kept. What changes in quality, and what has been silent for too long, is kept. Pure, with one
 * reading of state a tag.
 */
import type { Quality, Value } from "#core/reading.ts";

export interface DeadbandSettings {
  /** In the tag's unit, or a share of the last kept value. */
  band: { absolute: number } | { share: number };
  /** After this long a value is kept, however little it changed. */
  silenceMaxMs: number;
}

export class Deadband {
  readonly #settings: DeadbandSettings;
  #kept: { value: Value; quality: Quality; ts: number } | undefined;

  constructor(settings: DeadbandSettings) {
    this.#settings = settings;
  }

  /** True when the reading is to be kept. */
  isNews(value: Value, quality: Quality, ts: number): boolean {
    const kept = this.#kept;
    const isOld =
      kept !== undefined &&
      quality === "good" &&
      kept.quality === "good" &&
      // One that is not newer is kept: it is the same message once more, because it could not be
      // stored, or the clock was set back, which must not silence a tag for as long.
      ts > kept.ts &&
      ts - kept.ts < this.#settings.silenceMaxMs &&
      this.#isWithin(kept.value, value);
    if (isOld) return false;
    this.#kept = { value, quality, ts };
    return true;
  }

  #isWithin(kept: Value, value: Value): boolean {
    if (typeof kept !== "number" || typeof value !== "number") return kept === value;
    const { band } = this.#settings;
    const width = "absolute" in band ? band.absolute : band.share * Math.abs(kept);
    return Math.abs(value - kept) <= width;
  }
}

/** The deadband of a tag's settings; undefined where every reading is kept. */
export function createDeadband(settings: {
  deadband?: number | string | undefined;
  maxSilence?: number | undefined;
}): Deadband | undefined {
  const { deadband, maxSilence: silenceMaxMs = Number.POSITIVE_INFINITY } = settings;
  if (deadband === undefined) return undefined;
  if (typeof deadband === "number")
    return new Deadband({ band: { absolute: deadband }, silenceMaxMs });
  return new Deadband({ band: { share: Number.parseFloat(deadband) / 100 }, silenceMaxMs });
}
