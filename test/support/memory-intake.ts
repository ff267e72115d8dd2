/** An intake that keeps readings in memory, for tests of sources. */
import type { AcceptOutcome, Intake, ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Quality, Value } from "#core/reading.ts";

export interface KeptReading {
  device: string;
  tag: string;
  ts: number;
  value: Value;
  quality: Quality;
  reason?: string;
}

export class MemoryIntake implements Intake {
  readonly batches: ReadingBatch[] = [];
  readonly descriptions = new Map<string, Partial<SeriesDescription>>();
  /** What `accept` does instead of storing; a test sets it. */
  refuse: (() => Promise<AcceptOutcome>) | undefined;
  readonly #series = new Map<string, Series>();

  resolve(device: string, tag: string, description: Partial<SeriesDescription> = {}): Series {
    const key = `${device}/${tag}`;
    const known = this.#series.get(key);
    if (known) return known;
    const series = { index: this.#series.size, device, tag, lane: 0 };
    this.#series.set(key, series);
    this.descriptions.set(key, description);
    return series;
  }

  async accept(batch: ReadingBatch): Promise<AcceptOutcome> {
    if (this.refuse) return await this.refuse();
    this.batches.push(batch);
    return "stored";
  }

  /** All readings in the order of their arrival; those of one device, or of one tag, if given. */
  readings(device?: string, tag?: string): KeptReading[] {
    return this.batches
      .flatMap(readingsOf)
      .filter((reading) => device === undefined || reading.device === device)
      .filter((reading) => tag === undefined || reading.tag === tag);
  }

  /** The newest values of a device's tags. */
  latest(device: string): Record<string, Value> {
    return Object.fromEntries(this.readings(device).map(({ tag, value }) => [tag, value]));
  }
}

export function readingsOf(batch: ReadingBatch): KeptReading[] {
  return batch.series.map(({ device, tag }, i) => {
    const reason = batch.reasons[i];
    return {
      device,
      tag,
      ts: batch.ts[i]!,
      value: batch.values[i]!,
      quality: batch.qualities[i]!,
      ...(reason !== undefined && { reason }),
    };
  });
}
