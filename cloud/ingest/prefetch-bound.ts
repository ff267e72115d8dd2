/**
 * How many events the hub may send of each partition before they are asked for. The SDK bounds them by
 * number only: of a backlog, whose events are large, that would be gigabytes over all partitions.
 */
export const PREFETCH_EVENTS_MAX = 200;
/** Fewer would leave the link idle between two calls. */
const EVENTS_MIN = 8;
/** Over all partitions. */
const BYTES_MAX = 128 * 1024 * 1024;
/** Before the first event has told. */
const EVENT_BYTES_AT_FIRST = 64 * 1024;

export class PrefetchBound {
  #partitions = 1;
  #eventBytes = EVENT_BYTES_AT_FIRST;

  /** Of the hub: one sink may have to read them all. */
  readOf(partitions: number): void {
    this.#partitions = Math.max(1, partitions);
  }

  /** Growth counts at once, shrinking slowly. */
  saw(events: readonly { body: unknown }[]): void {
    if (events.length === 0) return;
    let bytes = 0;
    for (const { body } of events) if (body instanceof Uint8Array) bytes += body.byteLength;
    const mean = bytes / events.length;
    const step = (mean - this.#eventBytes) / 8;
    this.#eventBytes = Math.max(mean, this.#eventBytes + step);
  }

  /** For each partition. */
  get events(): number {
    const fitting = Math.floor(BYTES_MAX / this.#partitions / Math.max(1, this.#eventBytes));
    return Math.min(PREFETCH_EVENTS_MAX, Math.max(EVENTS_MIN, fitting));
  }
}
