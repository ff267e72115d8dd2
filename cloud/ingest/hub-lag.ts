/**
 * How far the sinks are behind the hub, whichever of them reads which partition: the hub's newest
 * events against the committed positions.
 */
import type { Clock } from "#core/clock.ts";
import { messageOf } from "#core/errors.ts";
import type { RateLimitedLog } from "#core/log.ts";
import type { HubScope, PartitionPosition, Store } from "../store/contract.ts";

/** One request a partition goes to the hub. */
const EVERY_MS = 5000;

/** What the hub has of one partition. */
export interface PartitionHead {
  partition: string;
  /** Sequence numbers; of an empty partition `last` is less than `first`. */
  first: number;
  last: number;
}

export interface HubHeads {
  scope: HubScope;
  partitions: readonly PartitionHead[];
}

export interface HubLagMeasure {
  /** Events that wait, of all partitions. */
  events: number;
  /**
   * Share of what the hub retains that waits, 0 to 1, of the partition where it is the largest. Of one
   * from which nothing has expired yet it says nothing, and counts as 0.
   */
  retention: number;
  /** All that the hub had taken by then is committed; undefined before that is known. */
  knownUntilMs: number | undefined;
}

export interface HubLagOptions {
  /** Undefined while the hub is away. */
  heads: () => Promise<HubHeads | undefined>;
  store: Pick<Store, "positions">;
  clock: Clock;
  log: RateLimitedLog;
}

interface Mark {
  atMs: number;
  heads: HubHeads;
}

export class HubLag {
  readonly #options: HubLagOptions;
  #mark: Mark | undefined;
  #knownUntilMs: number | undefined;
  #last: HubLagMeasure | undefined;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #isMeasuring = false;

  constructor(options: HubLagOptions) {
    this.#options = options;
  }

  /**
   * As it was measured last; meanwhile it is measured anew, for a hub that is away lets us wait.
   * Undefined when the hub, or the database, could not be asked.
   */
  latest(): HubLagMeasure | undefined {
    const nowMs = this.#options.clock.monotonic();
    if (!this.#isMeasuring && nowMs >= this.#nextAtMs) {
      this.#nextAtMs = nowMs + EVERY_MS;
      void this.#refresh();
    }
    return this.#last;
  }

  async #refresh(): Promise<void> {
    this.#isMeasuring = true;
    try {
      this.#last = await this.#measure();
    } catch (error) {
      const reason = messageOf(error);
      this.#options.log.warn("lag", { reason }, "how far the hub is ahead cannot be told");
      this.#last = undefined;
    } finally {
      this.#isMeasuring = false;
    }
  }

  async #measure(): Promise<HubLagMeasure | undefined> {
    const atMs = this.#options.clock.now();
    const heads = await this.#options.heads();
    if (!heads) return undefined;
    const committed = committedOf(await this.#options.store.positions(heads.scope));
    this.#advance(committed, { atMs, heads });
    let events = 0;
    let retention = 0;
    for (const { partition, first, last } of heads.partitions) {
      const retained = last - first + 1;
      const waiting = Math.min(retained, last - (committed.get(partition) ?? -1));
      if (!(waiting > 0)) continue;
      events += waiting;
      if (first > 0) retention = Math.max(retention, waiting / retained);
    }
    return { events, retention, knownUntilMs: this.#knownUntilMs };
  }

  /** What was the hub's newest event a while ago must be committed by now. */
  #advance(committed: ReadonlyMap<string, number>, now: Mark): void {
    const mark = this.#mark;
    if (!mark || mark.heads.scope.incarnation !== now.heads.scope.incarnation) {
      this.#mark = now;
      return;
    }
    const isReached = mark.heads.partitions.every(
      ({ partition, first, last }) => last < first || (committed.get(partition) ?? -1) >= last,
    );
    if (!isReached) return;
    this.#knownUntilMs = mark.atMs;
    this.#mark = now;
  }
}

function committedOf(positions: readonly PartitionPosition[]): Map<string, number> {
  return new Map(positions.map(({ partition, sequenceNumber }) => [partition, sequenceNumber]));
}
