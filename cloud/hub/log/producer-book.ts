/**
 * What idempotent producers have published: of each, in each partition, the number of its newest event.
 *
 * Invariants: what is committed follows from the log alone (the record at the head of the last segment,
 * and the events behind it), so a number holds across a kill exactly as its events do; of each
 * partition the PRODUCERS_MAX that published last are known.
 */
import type { Publication } from "../amqp/publication.ts";

const PRODUCERS_MAX = 200;

/** Producer, owner level, number of the newest event. */
export type ProducerRow = [producerId: number, epoch: number, last: number];

export type PublicationVerdict =
  | "next"
  /** Stored already: the confirmation was lost. */
  | "stored"
  /** The same events wait for the disk. */
  | "under way"
  | "out of order"
  | "stolen";

interface Producer {
  epoch: number;
  last: number;
  /** With what waits for the disk. */
  pendingLast: number;
}

export class ProducerBook {
  readonly #partitions = new Map<number, Map<number, Producer>>();

  find(partition: number, producerId: number): Readonly<Producer> | undefined {
    return this.#partitions.get(partition)?.get(producerId);
  }

  /** A producer says where it stands; one that is known at this level stands where we know it. */
  claim(partition: number, [producerId, epoch, last]: ProducerRow): void {
    if (this.find(partition, producerId)?.epoch === epoch) return;
    this.#put(partition, producerId, { epoch, last, pendingLast: last });
  }

  judge(partition: number, { producerId, epoch, first, last }: Publication): PublicationVerdict {
    const known = this.find(partition, producerId);
    if (!known || epoch > known.epoch) return "next";
    if (epoch < known.epoch) return "stolen";
    if (first === known.pendingLast + 1) return "next";
    if (last <= known.last) return "stored";
    return last <= known.pendingLast ? "under way" : "out of order";
  }

  /** The events wait for the disk. */
  begin(partition: number, { producerId, epoch, first, last }: Publication): void {
    const known = this.find(partition, producerId);
    const stored = known?.epoch === epoch ? known.last : first - 1;
    this.#put(partition, producerId, { epoch, last: stored, pendingLast: last });
  }

  /** The log has refused them, and with them all that came behind. */
  abandon(partition: number, { producerId }: Publication): void {
    const known = this.#partitions.get(partition)?.get(producerId);
    if (known) known.pendingLast = known.last;
  }

  /** The events are stored. */
  commit(partition: number, { producerId, epoch, last }: Publication): void {
    const known = this.find(partition, producerId);
    const pendingLast = known?.epoch === epoch ? Math.max(known.pendingLast, last) : last;
    this.#put(partition, producerId, { epoch, last, pendingLast });
  }

  /** What is committed, for the record at the head of a segment. */
  rows(partition: number): ProducerRow[] {
    const producers = this.#partitions.get(partition) ?? [];
    return [...producers].map(([producerId, { epoch, last }]) => [producerId, epoch, last]);
  }

  restore(partition: number, rows: readonly ProducerRow[]): void {
    this.#partitions.delete(partition);
    for (const [producerId, epoch, last] of rows) {
      this.#put(partition, producerId, { epoch, last, pendingLast: last });
    }
  }

  #put(partition: number, producerId: number, producer: Producer): void {
    const producers = this.#partitions.get(partition) ?? new Map<number, Producer>();
    this.#partitions.set(partition, producers);
    producers.delete(producerId);
    producers.set(producerId, producer);
    for (const oldest of producers.keys()) {
      if (producers.size <= PRODUCERS_MAX) return;
      producers.delete(oldest);
    }
  }
}
