/**
 * Finds a sensor that stands still. Values come in blocks; the smallest range that a block of the
 * sound series has had is what it never falls below. A block that moves much less than that is
 * stuck, even where the last digits still flicker. Whoever stands still for long and moves again was
 * at rest, not stuck: a series that is known to rest is never called stuck. O(1) a value.
 */
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
import { amount, lasting, nameOf } from "./wording.ts";

const BLOCK_VALUES = 16;
/** Blocks to learn from before anything is said. */
const LEARNING_BLOCKS = 40;
/** A block with less than this share of the smallest range is stuck; above the second, it is not. */
const STUCK_SHARE = 0.2;
const MOVING_SHARE = 0.6;
/** A stand of this length that ends by itself was a rest: a machine's break, a night. */
const REST_MS = 10 * 60_000;

/** Of the block under way. */
const LOW = 0;
const HIGH = 1;
const IN_BLOCK = 2;
const BLOCK_SINCE = 3;
/** Of the blocks before. */
const BLOCKS = 4;
const LEAST_RANGE = 5;
const ACTIVE = 6;
const SINCE = 7;
const REST_RANGE = 8;
const DOUBLES = 9;

export class StuckRule implements Rule {
  readonly names = ["stuck"];
  readonly #isCounter: boolean;
  readonly #state: StateCursor;

  /** @param isCounter a counter that stands still has stopped counting */
  constructor(layout: StateLayout, isCounter = false) {
    this.#isCounter = isCounter;
    this.#state = new StateCursor(layout, DOUBLES);
  }

  begin(block: StateBlock): void {
    this.#state.on(block);
    this.#state.set(LEAST_RANGE, Number.POSITIVE_INFINITY);
    this.#state.set(REST_RANGE, Number.POSITIVE_INFINITY);
    this.#beginBlock();
  }

  judge(look: Look): void {
    const { ts, value } = look;
    const state = this.#state;
    state.on(look.block);
    if (value < state.get(LOW)) state.set(LOW, value);
    if (value > state.get(HIGH)) state.set(HIGH, value);
    const count = state.get(IN_BLOCK) + 1;
    state.set(IN_BLOCK, count);
    if (count === 1) state.set(BLOCK_SINCE, ts);
    if (count < BLOCK_VALUES) return;
    const wasActive = state.get(ACTIVE) === 1;
    const active = this.#judgeBlock(state.get(HIGH) - state.get(LOW), ts);
    this.#beginBlock();
    if (active === wasActive) return;
    state.set(ACTIVE, active ? 1 : 0);
    this.#tell(look, this.#sentence(look, active));
  }

  rest(look: Look, why: string): void {
    const state = this.#state;
    state.on(look.block);
    this.#beginBlock();
    if (state.get(ACTIVE) === 0) return;
    state.set(ACTIVE, 0);
    this.#tell(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody says that it may stand still: what it was never seen to do, it is allowed to do now. */
  accept(block: StateBlock): void {
    this.#state.on(block);
    this.#state.set(LEAST_RANGE, 0);
  }

  isActive(block: StateBlock): boolean {
    this.#state.on(block);
    return this.#state.get(ACTIVE) === 1;
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.on(block);
    this.#state.set(ACTIVE, active ? 1 : 0);
  }

  #beginBlock(): void {
    this.#state.set(LOW, Number.POSITIVE_INFINITY);
    this.#state.set(HIGH, Number.NEGATIVE_INFINITY);
    this.#state.set(IN_BLOCK, 0);
  }

  #judgeBlock(range: number, ts: number): boolean {
    const state = this.#state;
    const blocks = state.get(BLOCKS) + 1;
    state.set(BLOCKS, blocks);
    const share = range / state.get(LEAST_RANGE);
    if (state.get(ACTIVE) === 1) return this.#isStill(share, range, ts);
    if (blocks > LEARNING_BLOCKS && share < STUCK_SHARE) {
      state.set(SINCE, state.get(BLOCK_SINCE));
      state.set(REST_RANGE, range);
      return true;
    }
    if (range < state.get(LEAST_RANGE)) state.set(LEAST_RANGE, range);
    return false;
  }

  #isStill(share: number, range: number, ts: number): boolean {
    const state = this.#state;
    // Called stuck by an earlier life that knew more: whatever moves is enough to end it.
    if (state.get(LEAST_RANGE) === Number.POSITIVE_INFINITY) return range === 0;
    if (range < state.get(REST_RANGE)) state.set(REST_RANGE, range);
    if (share < MOVING_SHARE) return true;
    if (ts - state.get(SINCE) >= REST_MS) state.set(LEAST_RANGE, state.get(REST_RANGE));
    return false;
  }

  #sentence({ ts, value, subject }: Look, active: boolean): string {
    const name = nameOf(subject);
    const at = amount(value, subject);
    if (this.#isCounter)
      return active ? `${name} has stopped counting at ${at}` : `${name} counts on`;
    if (!active) return `${name} moves again`;
    const how = `for ${lasting(ts - this.#state.get(SINCE))}, which it has never done before`;
    return `${name} stands still at ${at} ${how}: is the sensor stuck?`;
  }

  #tell(look: Look, message: string): void {
    const { ts, value } = look;
    const active = this.#state.get(ACTIVE) === 1;
    report(look, {
      rule: "stuck",
      state: active ? "active" : "cleared",
      priority: "low",
      ts,
      value,
      expected: value,
      since: this.#state.get(SINCE),
      feature: this.#isCounter ? "stopped" : "stuck",
      message,
    });
  }
}
