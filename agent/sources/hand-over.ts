/**
 * Hands a polling source's batches to the intake without making the bus wait for the disk, save
 * where too many are on their way. A batch that cannot be kept is a gap: counted, reported, and
 * reading goes on.
 */
import { messageOf, PenstockError } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { Intake, ReadingBatch } from "./contract.ts";

/** At 125 tags a batch, this many hold some 300 KB. */
const WAITING_MAX = 64;

export interface HandOverCounters {
  /** Batches and readings that are on disk. */
  batches: number;
  readings: number;
  /** Batches and readings that the intake refused, or dropped by the owner's choice. */
  batchesLost: number;
  readingsLost: number;
}

export class HandOver {
  readonly counters: HandOverCounters = {
    batches: 0,
    readings: 0,
    batchesLost: 0,
    readingsLost: 0,
  };
  readonly #intake: Intake;
  readonly #log: RateLimitedLog;
  readonly #waiting = new Set<Promise<void>>();

  constructor(intake: Intake, log: RateLimitedLog) {
    this.#intake = intake;
    this.#log = log;
  }

  /** False when a batch handed over now would be one too many. */
  get hasRoom(): boolean {
    return this.#waiting.size < WAITING_MAX;
  }

  /** Resolves when there is room for one more batch. Never rejects. */
  async room(): Promise<void> {
    while (!this.hasRoom) await Promise.race(this.#waiting);
  }

  /** Batches reach the intake in the order of these calls. Without room the batch is lost. */
  give(batch: ReadingBatch): void {
    if (batch.length === 0) return;
    if (!this.hasRoom) {
      this.#lose(batch);
      this.#log.warn("accept room", { source: batch.source }, "readings are lost: storing hangs");
      return;
    }
    const accepting = this.#accept(batch).finally(() => this.#waiting.delete(accepting));
    this.#waiting.add(accepting);
  }

  /** Resolves when everything handed over is stored or lost. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  async #accept(batch: ReadingBatch): Promise<void> {
    try {
      const outcome = await this.#intake.accept(batch);
      if (outcome === "dropped") this.#lose(batch);
      else this.#keep(batch);
    } catch (error) {
      this.#lose(batch);
      const code = error instanceof PenstockError ? error.code : "unexpected";
      const fields = { source: batch.source, readings: batch.length, err: messageOf(error) };
      this.#log.warn(`accept ${code}`, fields, "readings are lost: the intake refused them");
    }
  }

  #keep(batch: ReadingBatch): void {
    this.counters.batches += 1;
    this.counters.readings += batch.length;
  }

  #lose(batch: ReadingBatch): void {
    this.counters.batchesLost += 1;
    this.counters.readingsLost += batch.length;
  }
}
