/** When the buffer counts as full, and when a segment is too old to keep. */
import { statfs } from "node:fs/promises";
import type { Clock } from "#core/clock.ts";
import type { Logger } from "#core/log.ts";

export interface BufferLimits {
  maxBytes: number;
  maxAgeMs: number;
  minFreeBytes: number;
  whenFull: "drop-oldest" | "drop-newest" | "refuse";
}

/** Dropping goes on until this share of the limit is free, so that it is not done for each segment. */
const HEADROOM = 0.02;
/** While everything is in flight the buffer may exceed its limit by this share, not by more. */
const OVERFULL = 1.1;
/** A wall clock that moves this much against the monotonic one has been set: no age can be told. */
const CLOCK_STEP_MS = 3_600_000;

export class RetentionGuard {
  readonly #limits: BufferLimits;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #freeBytes = Number.POSITIVE_INFINITY;
  #awaitsSpace = false;
  #drops = 0;
  #offsetMs: number;
  #distrustUntilMs = 0;

  constructor(limits: BufferLimits, folder: string, clock: Clock, log: Logger) {
    this.#limits = limits;
    this.#folder = folder;
    this.#clock = clock;
    this.#log = log;
    this.#offsetMs = clock.now() - clock.monotonic();
  }

  /**
   * `latestMs` is what the clock said when the last run stored something. Much later may mean a long
   * pause, or a clock that is wrong: nothing may be dropped for that.
   */
  resume(latestMs: number | undefined): void {
    const pauseMs = this.#clock.now() - (latestMs ?? Number.POSITIVE_INFINITY);
    if (pauseMs > CLOCK_STEP_MS) this.#distrustAges({ pauseMs });
  }

  /** Looks at the disk, and at whether the wall clock was set. */
  async measure(): Promise<void> {
    const offsetMs = this.#clock.now() - this.#clock.monotonic();
    if (Math.abs(offsetMs - this.#offsetMs) > CLOCK_STEP_MS) {
      this.#distrustAges({ stepMs: offsetMs - this.#offsetMs });
    }
    this.#offsetMs = offsetMs;
    const drops = this.#drops;
    const { bavail, bsize } = await statfs(this.#folder);
    // What was dropped meanwhile is not in it: to go by it would drop the same once more.
    if (drops !== this.#drops) return;
    this.#freeBytes = bavail * bsize;
    this.#awaitsSpace = false;
  }

  isFull(storedBytes: number): boolean {
    return this.excessBytes(storedBytes) > 0;
  }

  /** What may still come before it counts as full. */
  roomBytes(storedBytes: number): number {
    const { maxBytes, minFreeBytes } = this.#limits;
    return Math.max(0, Math.min(maxBytes - storedBytes, this.#freeBytes - minFreeBytes));
  }

  isOverfull(storedBytes: number): boolean {
    return storedBytes > this.#limits.maxBytes * OVERFULL;
  }

  /** How much must go before there is room again; zero while there is room. */
  excessBytes(storedBytes: number): number {
    const { maxBytes, minFreeBytes } = this.#limits;
    const over = Math.max(storedBytes - maxBytes, minFreeBytes - this.#freeBytes);
    return over > 0 ? over + maxBytes * HEADROOM : 0;
  }

  /** Room was made: how much the disk has gained of it is known at the next `measure`. */
  dropped(): void {
    this.#awaitsSpace ||= this.#freeBytes < this.#limits.minFreeBytes;
    this.#freeBytes = Number.POSITIVE_INFINITY;
    this.#drops += 1;
  }

  /** Something was dropped because the disk is short of space. */
  get awaitsSpace(): boolean {
    return this.#awaitsSpace;
  }

  /** For one maxAge the ages of old segments cannot be told: the limit by bytes still holds. */
  #distrustAges(why: { stepMs: number } | { pauseMs: number }): void {
    this.#distrustUntilMs = this.#clock.monotonic() + this.#limits.maxAgeMs;
    this.#log.warn(why, "the clock may have been set: ages do not count");
  }

  isTooOld(segment: { committedAtMs: number }): boolean {
    if (this.#clock.monotonic() < this.#distrustUntilMs) return false;
    return this.#clock.now() - segment.committedAtMs > this.#limits.maxAgeMs;
  }
}
