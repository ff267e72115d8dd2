/** What the buffer does from time to time, whether or not anything comes or goes. */
import type { Clock, Timer } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";
import type { AlarmWatch } from "./alarm-watch.ts";
import type { BufferState } from "./buffer-state.ts";
import type { CommitLoop } from "./commit-loop.ts";
import type { Dropping } from "./dropping.ts";
import type { FillRate } from "./fill-rate.ts";
import type { ForgottenSegments } from "./forgotten-segments.ts";
import type { MessageMemory } from "./message-memory.ts";
import type { RetentionGuard } from "./retention.ts";
import type { UplinkFeed } from "./uplink-feed.ts";

/** Forgotten segments are deleted with the next commit, or after this time. */
const FORGET_INTERVAL_MS = 250;
const INTERVAL_MS = 5000;

export interface HousekeepingOptions {
  commits: CommitLoop;
  forgotten: ForgottenSegments;
  retention: RetentionGuard;
  messages: MessageMemory;
  dropping: Dropping;
  rate: FillRate;
  alarms: AlarmWatch;
  clock: Clock;
  log: Logger;
  state: () => BufferState;
  feed: () => UplinkFeed;
}

export class Housekeeping {
  readonly #options: HousekeepingOptions;
  #timers: Timer[] = [];
  #isLooking = false;

  constructor(options: HousekeepingOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock } = this.#options;
    this.#timers = [
      clock.every("buffer forgets", FORGET_INTERVAL_MS, () => this.#forget()),
      clock.every("buffer housekeeping", INTERVAL_MS, () => this.#keepHouse()),
    ];
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #forget(): void {
    const { commits, forgotten, state } = this.#options;
    if (!forgotten.isEmpty) commits.commitIdle();
    forgotten.compactWhenDue(state().firstSegment);
  }

  #keepHouse(): void {
    const { rate, messages, dropping, clock, log, state, feed } = this.#options;
    rate.sample(clock.monotonic());
    this.#lookAtDisk().catch((error: unknown) => {
      log.warn({ err: error }, "the state of the disk is not known");
    });
    messages.expire(state().nextSegment).catch((error: unknown) => {
      log.warn({ err: error }, "old fingerprints could not be deleted");
    });
    dropping.dropAged();
    feed().loadMore();
  }

  /**
   * What was dropped for the disk's sake is not free before it is compacted. Were the disk measured
   * while that still goes on, more would be dropped for the same space.
   */
  async #lookAtDisk(): Promise<void> {
    const { forgotten, retention, alarms, state } = this.#options;
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      if (retention.awaitsSpace) await forgotten.compactNow(state().firstSegment);
      await retention.measure();
      await alarms.lookAtDamage();
      alarms.look();
    } finally {
      this.#isLooking = false;
    }
  }
}
