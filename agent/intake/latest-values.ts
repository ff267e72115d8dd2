/** The newest reading of each series, in columns by the series' index. */
import type { Quality, QualityReason, Value } from "#core/reading.ts";

const ROOM_AT_FIRST = 256;

export class LatestValues {
  #ts = new Float64Array(ROOM_AT_FIRST).fill(Number.NEGATIVE_INFINITY);
  readonly #values: Value[] = [];
  readonly #qualities: Quality[] = [];
  readonly #reasons: (QualityReason | undefined)[] = [];

  /** How many series there is room for. */
  get size(): number {
    return this.#values.length;
  }

  /** Makes room for one more series. */
  grow(): void {
    const size = this.#values.push(null);
    this.#qualities.push("bad");
    this.#reasons.push(undefined);
    if (size > this.#ts.length) {
      const larger = new Float64Array(this.#ts.length * 2).fill(Number.NEGATIVE_INFINITY);
      larger.set(this.#ts);
      this.#ts = larger;
    }
  }

  /** Time of the newest reading; −∞ where there is none yet. */
  ts(index: number): number {
    return this.#ts[index] ?? Number.NEGATIVE_INFINITY;
  }

  value(index: number): Value {
    return this.#values[index] ?? null;
  }

  quality(index: number): Quality {
    return this.#qualities[index] ?? "bad";
  }

  reason(index: number): QualityReason | undefined {
    return this.#reasons[index];
  }

  set(
    index: number,
    ts: number,
    value: Value,
    quality: Quality,
    reason: QualityReason | undefined,
  ): void {
    this.#ts[index] = ts;
    this.#values[index] = value;
    this.#qualities[index] = quality;
    this.#reasons[index] = reason;
  }
}
