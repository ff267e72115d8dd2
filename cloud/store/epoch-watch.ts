/** Which epoch of a gateway's lane is the newest: the one whose row was made last. */
import type { LaneState } from "./lane-state.ts";

export interface NewestEpoch {
  id: number;
  epoch: string;
}

/** Beyond it, further lanes are not watched: hostile names must cost no memory. */
const LANES_MAX = 100_000;

export class EpochWatch {
  readonly #newest = new Map<string, NewestEpoch>();

  /** A lane that only a gap record speaks of has not begun. */
  see(lane: LaneState): void {
    if (lane.accepted.count === 0) return;
    const name = nameOf(lane);
    const known = this.#newest.get(name);
    if (!known && this.#newest.size >= LANES_MAX) return;
    if (!known || known.id < lane.id) this.#newest.set(name, { id: lane.id, epoch: lane.epoch });
  }

  newest(lane: LaneState): NewestEpoch | undefined {
    return this.#newest.get(nameOf(lane));
  }
}

function nameOf(lane: LaneState): string {
  return JSON.stringify([lane.gateway, lane.lane]);
}
