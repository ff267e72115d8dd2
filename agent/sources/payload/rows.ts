/** What every payload format comes down to: rows of a batch, with time and quality. */
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import { PenstockError } from "#core/errors.ts";
import type { Quality, QualityReason, Value } from "#core/reading.ts";
import { type Scalar, toReadingValue } from "./reading-value.ts";
import type { Json } from "./strict-json.ts";
import { readTime, type StampLimits, type TimeStamp, type TimeUnit } from "./time-stamp.ts";

/** Who the readings of a topic belong to. */
export interface Target {
  /** Undefined where the payload names the tags. */
  readonly tag: string | undefined;
  /** How wrong its sender's clock may be; left out, five minutes ahead. */
  readonly stampLimits?: StampLimits | undefined;
  /** Undefined where the series was refused; whoever refuses counts. */
  seriesOf(tag: string): Series | undefined;
}

export interface MessageDecoder {
  /** Members of payloads that were no values. */
  readonly valuesSkipped: number;
  /**
   * Adds the payload's readings to the batch. True when each of them carries its sender's time.
   * @throws PenstockError PAYLOAD_MALFORMED: then the batch is to be thrown away
   */
  decode(payload: Uint8Array, target: Target, nowMs: number, batch: ReadingBatch): boolean;
}

export interface RowSettings {
  /** Of times that are numbers. */
  readonly unit: TimeUnit;
  /** What texts stand for: `ON` for true. */
  readonly values: ReadonlyMap<string, number | boolean> | undefined;
  /** Readings of one message; a message with more is refused. */
  readonly readingsMax: number;
}

const READINGS_MAX = 5000;

export function rowSettingsOf(rule: Pick<TopicRule, "time" | "values">): RowSettings {
  const { time = "ms", values } = rule;
  return {
    unit: time,
    values: values && new Map(Object.entries(values)),
    readingsMax: READINGS_MAX,
  };
}

/** Writes rows to a batch, with what the time says of their quality. */
export class Rows {
  areAllTimed = true;
  readonly target: Target;
  readonly #settings: RowSettings;
  readonly #nowMs: number;
  readonly #batch: ReadingBatch;

  constructor(settings: RowSettings, target: Target, nowMs: number, batch: ReadingBatch) {
    this.#settings = settings;
    this.target = target;
    this.#nowMs = nowMs;
    this.#batch = batch;
  }

  timeOf(given: Json | undefined): TimeStamp {
    return readTime(given, this.#nowMs, this.#settings.unit, this.target.stampLimits);
  }

  add(tag: string, json: Scalar, time: TimeStamp): void {
    // Most values are ordinary numbers from a clock that is right: no object for those.
    if (typeof json === "number" && Number.isFinite(json)) {
      return this.#write(tag, time, json, "good", undefined);
    }
    const { value, quality, reason } = toReadingValue(this.#mapped(json));
    this.#write(tag, time, value, quality, reason);
  }

  /** With a quality that the sender gave. The worse of it and what the value itself says counts. */
  addJudged(tag: string, json: Scalar, time: TimeStamp, given: Quality, why: QualityReason): void {
    const { value, quality, reason } = toReadingValue(this.#mapped(json));
    const isOwnWorse = quality === "bad" || given === "good";
    if (isOwnWorse) this.#write(tag, time, value, quality, reason);
    else this.#write(tag, time, value, given, why);
  }

  /** A reading that has no value, for a reason of its own. */
  refuse(tag: string, time: TimeStamp, reason: QualityReason): void {
    this.#write(tag, time, null, "bad", reason);
  }

  #mapped(json: Scalar): Scalar {
    if (typeof json !== "string") return json;
    return this.#settings.values?.get(json) ?? json;
  }

  #write(
    tag: string,
    time: TimeStamp,
    value: Value,
    quality: Quality,
    reason: QualityReason | undefined,
  ): void {
    const { readingsMax } = this.#settings;
    if (this.#batch.length >= readingsMax) {
      const message = `more than ${readingsMax} readings in one message`;
      throw new PenstockError("PAYLOAD_MALFORMED", message);
    }
    if (!time.isOwn) this.areAllTimed = false;
    const series = this.target.seriesOf(tag);
    if (!series) return;
    if (quality === "good" && time.doubt !== undefined) {
      this.#batch.add(series, time.ts, value, "uncertain", time.doubt);
    } else {
      this.#batch.add(series, time.ts, value, quality, reason);
    }
  }
}
