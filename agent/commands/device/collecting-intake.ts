/** Takes in readings for a command that shows them: nothing is stored, nothing is judged. */
import type { AcceptOutcome, Intake, ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";

export interface ShownReading {
  readonly device: string;
  readonly tag: string;
  /** Milliseconds since 1970; null where there was no reading yet. */
  readonly ts: number | null;
  readonly value: Value;
  readonly quality: Quality;
  readonly reason?: QualityReason;
  readonly unit?: string;
}

export class CollectingIntake implements Intake {
  readonly #onReadings: (readings: ShownReading[]) => void;
  readonly #units = new Map<Series, string>();
  #series = 0;

  constructor(onReadings: (readings: ShownReading[]) => void) {
    this.#onReadings = onReadings;
  }

  resolve(device: string, tag: string, facts: Partial<SeriesDescription> = {}): Series {
    const series = { index: this.#series++, device, tag, lane: 0 };
    if (facts.unit !== undefined) this.#units.set(series, facts.unit);
    return series;
  }

  accept(batch: ReadingBatch): Promise<AcceptOutcome> {
    this.#onReadings(this.readingsOf(batch));
    return Promise.resolve("stored");
  }

  readingsOf(batch: ReadingBatch): ShownReading[] {
    return batch.series.map((series, i) => {
      const reason = batch.reasons[i];
      const unit = this.#units.get(series);
      return {
        device: series.device,
        tag: series.tag,
        ts: batch.ts[i] ?? null,
        value: batch.values[i] ?? null,
        quality: batch.qualities[i] ?? "bad",
        ...(reason !== undefined && { reason }),
        ...(unit !== undefined && { unit }),
      };
    });
  }
}
