/** What of an input is stored when a limit by size is reached: `whenFull` says. */
import { ReadingBatch } from "#agent/sources/contract.ts";
import { PenstockError } from "#core/errors.ts";
import type { SegmentInput } from "./contract.ts";
import type { Dropping } from "./dropping.ts";
import type { BufferLimits, RetentionGuard } from "./retention.ts";

export class Admission {
  readonly #whenFull: BufferLimits["whenFull"];
  readonly #retention: RetentionGuard;
  readonly #dropping: Dropping;

  constructor(limits: BufferLimits, retention: RetentionGuard, dropping: Dropping) {
    this.#whenFull = limits.whenFull;
    this.#retention = retention;
    this.#dropping = dropping;
  }

  /**
   * The input itself, once there is room for it; without its readings where these were dropped.
   * @throws PenstockError BUFFER_FULL
   */
  admit(input: SegmentInput, storedBytes: number): SegmentInput {
    const { batch } = input;
    // Alarms alone are small, and the last to go: they do not ask for room.
    if (batch.length === 0 || !this.#retention.isFull(storedBytes)) return input;
    switch (this.#whenFull) {
      case "refuse":
        throw new PenstockError("BUFFER_FULL", "the buffer is full");
      case "drop-newest":
        this.#dropping.dropNews(batch.series[0]?.lane ?? 0, batch.length);
        return { ...input, batch: new ReadingBatch(batch.source) };
      case "drop-oldest":
        if (this.#dropping.makeRoom(storedBytes) || !this.#retention.isOverfull(storedBytes)) {
          return input;
        }
        throw new PenstockError("BUFFER_FULL", "the buffer is full, and all of it is in flight");
    }
  }
}
