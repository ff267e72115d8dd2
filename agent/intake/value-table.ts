import type { Quality, QualityReason, Value } from "#core/reading.ts";
import type { LatestValues } from "./latest-values.ts";
import type { SeriesRegistry } from "./series-registry.ts";

export interface ValueRow {
  device: string;
  tag: string;
  unit?: string;
  line?: string;
  /** Milliseconds since 1970; null before the first reading. */
  ts: number | null;
  value: Value;
  quality: Quality;
  reason?: QualityReason;
}

/** The newest reading of each series, for pages and commands: rows are made as they are asked for. */
export class ValueTable {
  readonly #registry: SeriesRegistry;
  readonly #latest: LatestValues;

  constructor(registry: SeriesRegistry, latest: LatestValues) {
    this.#registry = registry;
    this.#latest = latest;
  }

  /** How many series there are: their places are 0 to size − 1, and never change. */
  get size(): number {
    return this.#registry.size;
  }

  at(index: number): ValueRow | undefined {
    const series = this.#registry.at(index);
    const description = this.#registry.descriptionAt(index);
    if (!series || !description) return undefined;
    const ts = this.#latest.ts(index);
    const reason = this.#latest.reason(index);
    return {
      device: series.device,
      tag: series.tag,
      ...(description.unit !== undefined && { unit: description.unit }),
      ...(description.line !== undefined && { line: description.line }),
      ts: Number.isFinite(ts) ? ts : null,
      value: this.#latest.value(index),
      quality: this.#latest.quality(index),
      ...(reason !== undefined && { reason }),
    };
  }
}
