/**
 * What one lane of one gateway has accepted but not yet folded. The active part takes what comes;
 * a fold freezes it and starts a new one, so accepting never waits for folding.
 */

import { compareSeries, type OpenSeries } from "../rollup/open-series.ts";
import type { SeriesName } from "../rollup/open-windows.ts";
import { OpenWindows } from "../rollup/open-windows.ts";
import type { LaneKey } from "./lane-state.ts";

export interface ShardPart {
  windows: OpenWindows;
  /** Journal rows whose readings are in here. */
  journalIds: number[];
  /** Epochs of the lane that have chunks in here, by name. */
  lanes: Map<string, LaneKey>;
  bytes: number;
}

export interface FrozenPart extends ShardPart {
  /** In the order of folding. */
  order: OpenSeries[];
  next: number;
  journalTo: number;
}

export class Shard {
  readonly gateway: string;
  readonly lane: number;
  active: ShardPart = emptyPart();
  frozen: FrozenPart | undefined;
  /** Monotonic time of the oldest reading in the active part's journal. */
  oldestAtMs = Number.POSITIVE_INFINITY;

  constructor(gateway: string, lane: number) {
    this.gateway = gateway;
    this.lane = lane;
  }

  get rows(): number {
    return this.active.windows.rows + (this.frozen?.windows.rows ?? 0);
  }

  get events(): number {
    return this.active.journalIds.length + (this.frozen?.journalIds.length ?? 0);
  }

  get bytes(): number {
    return this.active.bytes + (this.frozen?.bytes ?? 0);
  }

  /** Begins a fold of all that is accepted so far. */
  freeze(): FrozenPart {
    const frozen = frozenOf(this.active);
    this.frozen = frozen;
    this.active = emptyPart();
    this.oldestAtMs = Number.POSITIVE_INFINITY;
    return frozen;
  }

  /** Takes up a fold that a crash interrupted: `part` holds what it had left. */
  resume(part: ShardPart): void {
    this.frozen = frozenOf(part);
  }

  /** What waits for its fold, of one series. */
  *find(device: string, tag: string): Generator<OpenSeries, void, void> {
    const frozen = this.frozen?.windows.find(device, tag);
    if (frozen) yield frozen;
    const active = this.active.windows.find(device, tag);
    if (active) yield active;
  }

  /** Starts of the minutes that wait for their fold. */
  starts(): Set<number> {
    const starts = new Set<number>();
    for (const part of [this.frozen, this.active]) {
      for (const { windows } of part?.windows.series() ?? []) {
        for (const start of windows.keys()) starts.add(start);
      }
    }
    return starts;
  }

  *series(): Generator<SeriesName, void, void> {
    if (this.frozen) yield* this.frozen.windows.series();
    yield* this.active.windows.series();
  }
}

export function emptyPart(): ShardPart {
  return { windows: new OpenWindows(), journalIds: [], lanes: new Map(), bytes: 0 };
}

function frozenOf(part: ShardPart): FrozenPart {
  return {
    ...part,
    order: [...part.windows.series()].toSorted(compareSeries),
    next: 0,
    journalTo: part.journalIds.at(-1) ?? 0,
  };
}

/** All shards of a store, by gateway. */
export class Shards {
  readonly #gateways = new Map<string, Map<number, Shard>>();

  get(gateway: string, lane: number): Shard {
    let lanes = this.#gateways.get(gateway);
    if (!lanes) {
      lanes = new Map();
      this.#gateways.set(gateway, lanes);
    }
    let shard = lanes.get(lane);
    if (!shard) {
      shard = new Shard(gateway, lane);
      lanes.set(lane, shard);
    }
    return shard;
  }

  has(shard: Shard): boolean {
    return this.#gateways.get(shard.gateway)?.get(shard.lane) === shard;
  }

  ofGateway(gateway: string): Iterable<Shard> {
    return this.#gateways.get(gateway)?.values() ?? [];
  }

  /** The shards as they are now: they may come and go meanwhile. */
  list(): Shard[] {
    return [...this.all()];
  }

  *all(): Generator<Shard, void, void> {
    for (const lanes of this.#gateways.values()) yield* lanes.values();
  }

  /** An empty shard costs nothing to make again: hostile gateway names must not pile up. */
  dropEmpty(shard: Shard): void {
    if (shard.events > 0) return;
    const lanes = this.#gateways.get(shard.gateway);
    lanes?.delete(shard.lane);
    if (lanes?.size === 0) this.#gateways.delete(shard.gateway);
  }
}
