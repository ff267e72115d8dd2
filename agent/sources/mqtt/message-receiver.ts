/**
 * What happens to a published message, whichever broker it came through: found in the rules,
 * decoded, handed to the intake. A message that can never become readings is counted, told of once
 * in a while, and acknowledged: its sender would otherwise repeat it for ever.
 */
import { hash } from "node:crypto";
import { type AcceptOutcome, type Intake, ReadingBatch } from "#agent/sources/contract.ts";
import type { StampLimits } from "#agent/sources/payload/time-stamp.ts";
import type { TopicRule } from "#config/gateway/mqtt.ts";
import type { SparkplugSettings } from "#config/gateway/sparkplug.ts";
import type { Clock } from "#core/clock.ts";
import { messageOf, PenstockError } from "#core/errors.ts";
import { type Logger, RateLimitedLog } from "#core/log.ts";
import { RetainedRepeats } from "./retained-repeats.ts";
import type { Publish } from "./sparkplug/host-state.ts";
import { SparkplugHost } from "./sparkplug/sparkplug-host.ts";
import { TopicRouter } from "./topic-router.ts";

export interface MessageReceiverOptions {
  /** Under which the readings are counted. */
  source: string;
  topics: readonly TopicRule[];
  /** How wrong senders' clocks may be; left out, five minutes ahead. */
  stampLimits?: StampLimits | undefined;
  /** Undefined where nobody speaks Sparkplug. `publish` is how the host answers its nodes. */
  sparkplug?: { settings: SparkplugSettings; publish: Publish; wallMs: () => number } | undefined;
  intake: Intake;
  clock: Clock;
  log: Logger;
}

/** Bytes of a malformed payload that go to the log. */
const SAMPLE_BYTES = 80;
const TOPIC_SAMPLE_CHARACTERS = 128;
const FINGERPRINT_BYTES = 16;

/** Of a value that the outside broker kept, and that does not say when it was measured. */
const RETAINED = "retained";

export class MessageReceiver {
  readonly sparkplug: SparkplugHost | undefined;
  readonly #options: MessageReceiverOptions;
  readonly #router: TopicRouter;
  readonly #log: RateLimitedLog;
  readonly #counters = {
    messages: 0,
    readings: 0,
    duplicates: 0,
    dropped: 0,
    refused: 0,
    unknown_topic: 0,
    malformed: 0,
    retained_repeats: 0,
  };
  readonly #retained = new RetainedRepeats();

  /** @throws PenstockError CONFIG_INVALID */
  constructor(options: MessageReceiverOptions) {
    this.#options = options;
    const { topics, intake, source, stampLimits } = options;
    this.#router = new TopicRouter(topics, intake, source, stampLimits);
    const { sparkplug, log, clock } = options;
    this.#log = new RateLimitedLog(log, clock);
    this.sparkplug =
      sparkplug && new SparkplugHost({ ...sparkplug, router: this.#router, clock, log });
  }

  get counters(): Readonly<Record<string, number>> {
    return {
      ...this.#counters,
      values_skipped: this.#router.valuesSkipped,
      names_refused: this.#router.namesRefused,
      series_refused: this.#router.seriesRefused,
      ...this.sparkplug?.counters,
    };
  }

  /**
   * Undefined when there is nothing to store, and the message is done with. Otherwise resolves when
   * its readings are on disk, and rejects when the intake kept nothing of it.
   */
  receive(
    clientId: string,
    topic: string,
    payload: Uint8Array,
    isRetained = false,
  ): Promise<AcceptOutcome> | undefined {
    this.#counters.messages += 1;
    // Sparkplug has rules of its own for what is retained.
    const isSparkplug = this.sparkplug?.owns(topic) ?? false;
    if (!isSparkplug && !this.#retained.take(topic, payload, isRetained)) {
      this.#counters.retained_repeats += 1;
      return undefined;
    }
    const batch = this.#decode(clientId, topic, payload, isRetained);
    return batch && this.#accept(batch, topic);
  }

  /**
   * The connection to the broker is lost: what Sparkplug nodes said last is stored as stale. Never
   * rejects; what cannot be stored is counted.
   */
  async lost(): Promise<void> {
    for (const batch of this.sparkplug?.lost(this.#options.source) ?? []) {
      // The log has told of it.
      if (batch.length > 0) await this.#accept(batch).catch(() => undefined);
    }
  }

  #decode(
    clientId: string,
    topic: string,
    payload: Uint8Array,
    isRetained: boolean,
  ): ReadingBatch | undefined {
    const { sparkplug } = this;
    const isSparkplug = sparkplug?.owns(topic) ?? false;
    const route = isSparkplug ? undefined : this.#router.route(topic);
    if (!isSparkplug && !route) return this.#countUnknown(topic);
    const { source, clock } = this.#options;
    const batch = new ReadingBatch(source);
    const nowMs = clock.now();
    try {
      const areAllTimed = route
        ? route.decoder.decode(payload, route, nowMs, batch)
        : sparkplug?.decode(topic, payload, batch, isRetained);
      if (isRetained && areAllTimed !== true) doubtArrivals(batch, nowMs);
      if (areAllTimed === true) batch.fingerprint = fingerprintOf(clientId, topic, payload);
    } catch (error) {
      this.#countMalformed(error, topic, payload);
      return undefined;
    }
    return batch.length === 0 ? undefined : batch;
  }

  #countUnknown(topic: string): undefined {
    this.#counters.unknown_topic += 1;
    this.#log.warn("unknown topic", { topic: sampleOf(topic) }, "no rule matches this topic");
  }

  #countMalformed(error: unknown, topic: string, payload: Uint8Array): void {
    if (!(error instanceof PenstockError) || error.code !== "PAYLOAD_MALFORMED") throw error;
    this.#counters.malformed += 1;
    const { code, message } = error;
    const sample = Buffer.from(payload.subarray(0, SAMPLE_BYTES)).toString();
    const fields = { code, err: message, topic: sampleOf(topic), bytes: payload.length, sample };
    this.#log.warn("malformed", fields, "cannot read a payload");
  }

  async #accept(batch: ReadingBatch, topic?: string): Promise<AcceptOutcome> {
    try {
      const outcome = await this.#options.intake.accept(batch);
      if (outcome === "stored") this.#counters.readings += batch.length;
      else if (outcome === "duplicate") this.#counters.duplicates += 1;
      else this.#counters.dropped += batch.length;
      return outcome;
    } catch (error) {
      this.#counters.refused += 1;
      if (topic !== undefined) this.#retained.forget(topic);
      this.#log.warn("refused", { err: messageOf(error) }, "a message could not be stored");
      throw error;
    }
  }
}

/** What has no time of its own was measured at some time before it arrived. */
function doubtArrivals({ ts, qualities, reasons }: ReadingBatch, nowMs: number): void {
  for (const [i, quality] of qualities.entries()) {
    if (quality !== "good" || ts[i] !== nowMs) continue;
    qualities[i] = "uncertain";
    reasons[i] = RETAINED;
  }
}

/**
 * NUL stands in neither client id nor topic, so the three parts cannot run into each other. As one
 * text, because that is hashed a quarter faster than buffers put together.
 */
function fingerprintOf(clientId: string, topic: string, payload: Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const message = `${clientId}\0${topic}\0${bytes.toString("latin1")}`;
  return hash("sha256", message, "buffer").subarray(0, FINGERPRINT_BYTES);
}

function sampleOf(topic: string): string {
  return topic.slice(0, TOPIC_SAMPLE_CHARACTERS);
}
