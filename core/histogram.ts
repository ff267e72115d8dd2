/**
 * A histogram of durations in buckets that grow by a twentieth, so that a percentile is right to
 * 5 % at constant memory. Bucket borders are fixed: two histograms merge by adding counts.
 */
const GROWTH = 1.05;
const FIRST_MS = 0.01;
const BUCKETS = 360;
const LOG_GROWTH = Math.log(GROWTH);

export interface DurationSummary {
  count: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export class DurationHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  /** Negative durations (two clocks disagree) count as zero. */
  record(durationMs: number, times = 1): void {
    const bucket = bucketOf(durationMs);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    if (durationMs > this.#maxMs) this.#maxMs = durationMs;
  }

  /** The duration below which the given share (0..1) of all lies; 0 when there is none. */
  percentile(share: number): number {
    let left = this.#count * share;
    // The last bucket holds all that is longer than six minutes: its border says nothing.
    for (let bucket = 0; bucket < BUCKETS - 1; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return Math.min(this.#maxMs, FIRST_MS * GROWTH ** bucket);
    }
    return this.#maxMs;
  }

  summary(): DurationSummary {
    return {
      count: this.#count,
      p50Ms: this.percentile(0.5),
      p99Ms: this.percentile(0.99),
      maxMs: this.#maxMs,
    };
  }

  copy(): DurationHistogram {
    const copy = new DurationHistogram();
    copy.#counts.set(this.#counts);
    copy.#count = this.#count;
    copy.#maxMs = this.#maxMs;
    return copy;
  }

  /** What was recorded after `earlier` was copied from here; all of it where a reset came between. */
  since(earlier: DurationHistogram): DurationHistogram {
    const since = this.copy();
    if (earlier.#count > this.#count) return since;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const left = (this.#counts[bucket] ?? 0) - (earlier.#counts[bucket] ?? 0);
      since.#counts[bucket] = Math.max(0, left);
    }
    since.#count -= earlier.#count;
    if (since.#count === 0) since.#maxMs = 0;
    return since;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }
}

function bucketOf(durationMs: number): number {
  if (!(durationMs > FIRST_MS)) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log(durationMs / FIRST_MS) / LOG_GROWTH));
}
