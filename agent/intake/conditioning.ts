/** Applies the tags' conditions to batches: a series without any costs a look into a table. */
import { type Conditioner, createConditioner } from "#agent/conditioning/conditioner.ts";
import { ReadingBatch, type Series } from "#agent/sources/contract.ts";
import { type DeviceProfile, ownEntry } from "./series-settings.ts";

export class Conditioning {
  readonly #profile: (device: string) => DeviceProfile | undefined;
  /** By series index. */
  readonly #conditioners: (Conditioner | undefined)[] = [];
  #hasAny = false;
  /** Readings that were left out: by a deadband, or because they came too often. */
  leftOut = 0;

  constructor(profile: (device: string) => DeviceProfile | undefined) {
    this.#profile = profile;
  }

  /** To be told of each series when it is made, and when its settings change. */
  add({ index, device, tag }: Series): void {
    const profile = this.#profile(device);
    const conditions = profile && ownEntry(profile.tags, tag);
    const conditioner = conditions && createConditioner(conditions);
    this.#conditioners[index] = conditioner;
    if (conditioner) this.#hasAny = true;
  }

  /** Writes into the batch what its readings are worth. */
  assess(batch: ReadingBatch): void {
    if (!this.#hasAny) return;
    const { series, ts, values, qualities, reasons } = batch;
    for (let i = 0; i < series.length; i++) {
      const conditioner = this.#conditioners[series[i]?.index ?? -1];
      if (!conditioner) continue;
      const given = {
        value: values[i] ?? null,
        quality: qualities[i] ?? "bad",
        reason: reasons[i],
      };
      const assessed = conditioner.assess(given, ts[i] ?? 0);
      values[i] = assessed.value;
      qualities[i] = assessed.quality;
      reasons[i] = assessed.reason;
    }
  }

  /** The batch without the readings that are not to be stored. */
  thin(batch: ReadingBatch): ReadingBatch {
    if (!this.#hasAny) return batch;
    const kept = new ReadingBatch(batch.source);
    kept.fingerprint = batch.fingerprint;
    for (const [i, series] of batch.series.entries()) {
      const value = batch.values[i] ?? null;
      const quality = batch.qualities[i] ?? "bad";
      const ts = batch.ts[i] ?? 0;
      const isKept = this.#conditioners[series.index]?.isKept(value, quality, ts) ?? true;
      if (isKept) kept.add(series, ts, value, quality, batch.reasons[i]);
      else this.leftOut += 1;
    }
    return kept;
  }
}
