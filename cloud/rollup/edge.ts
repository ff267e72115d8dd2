/**
 * The first or the last reading of a window. Readings are ordered by (ts, epoch, lane, seq, index):
 * a total order within a series, since an accepted chunk never changes.
 */
import type { Value } from "#core/reading.ts";

/** Where in the stream a reading stood. */
export interface ReadingPlace {
  epoch: string;
  lane: number;
  seq: number;
}

export class Edge {
  ts: number;
  epoch: string;
  lane: number;
  seq: number;
  /** Position of the reading within its chunk. */
  index: number;
  value: Exclude<Value, null>;

  constructor(ts: number, place: ReadingPlace, index: number, value: Exclude<Value, null>) {
    this.ts = ts;
    this.epoch = place.epoch;
    this.lane = place.lane;
    this.seq = place.seq;
    this.index = index;
    this.value = value;
  }

  /** Below zero when this reading comes before the given one. */
  compare(ts: number, place: ReadingPlace, index: number): number {
    if (this.ts !== ts) return this.ts - ts;
    if (this.epoch !== place.epoch) return this.epoch < place.epoch ? -1 : 1;
    if (this.lane !== place.lane) return this.lane - place.lane;
    if (this.seq !== place.seq) return this.seq - place.seq;
    return this.index - index;
  }

  /** In place: a window's last reading changes with nearly every reading. */
  set(ts: number, place: ReadingPlace, index: number, value: Exclude<Value, null>): void {
    this.ts = ts;
    this.epoch = place.epoch;
    this.lane = place.lane;
    this.seq = place.seq;
    this.index = index;
    this.value = value;
  }

  copy(): Edge {
    return new Edge(this.ts, this, this.index, this.value);
  }
}
