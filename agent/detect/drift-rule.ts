/**
 * Finds what creeps: a mean that leaves, a little at a time, where it has been on the days before. A
 * record that is broken by little again and again never surprises, so what is compared with is not the
 * latest record but the range of the block means of earlier epochs, which forgets slowly. Who leaves
 * it at once has jumped, which others tell. O(1) a value.
 */
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
import { amount, lasting, nameOf } from "./wording.ts";

const BLOCK_VALUES = 64;
/** An epoch has both this many blocks and this much time. */
const EPOCH_BLOCKS = 100;
const EPOCH_MS = 12 * 3_600_000;
/** Epochs to learn from before anything is said: two days at least, so that a day is no drift. */
const EPOCHS_MIN = 4;
/** At each epoch's end the range draws in by this share. */
const FORGETTING = 0.02;
/** How far outside, in widths of the range, and for how many blocks. */
const EXCESS_MIN = 0.5;
const OUTSIDE_BLOCKS_MIN = 8;
/** Whoever was at once this far of the way outside has jumped. */
const JUMP_SHARE = 0.5;

const COUNT = 0;
const SUM = 1;
const BASE_LOW = 2;
const BASE_HIGH = 3;
const LOW = 4;
const HIGH = 5;
const EPOCHS = 6;
const EPOCH_START = 7;
const BLOCKS = 8;
const OUTSIDE = 9;
const FIRST_EXCESS = 10;
const SINCE = 11;
const ACTIVE = 12;
const DOUBLES = 13;

export class DriftRule implements Rule {
  readonly names = ["drift"];
  readonly #state: StateCursor;

  constructor(layout: StateLayout) {
    this.#state = new StateCursor(layout, DOUBLES);
  }

  begin(block: StateBlock): void {
    const state = this.#state;
    state.on(block);
    for (const low of [LOW, BASE_LOW]) state.set(low, Number.POSITIVE_INFINITY);
    for (const high of [HIGH, BASE_HIGH]) state.set(high, Number.NEGATIVE_INFINITY);
  }

  judge(look: Look): void {
    const state = this.#state;
    state.on(look.block);
    const count = state.get(COUNT) + 1;
    state.set(COUNT, count);
    state.set(SUM, state.get(SUM) + look.value);
    if (count < BLOCK_VALUES) return;
    const mean = state.get(SUM) / count;
    state.set(COUNT, 0);
    state.set(SUM, 0);
    this.#judgeBlock(look, mean);
    this.#learnBlock(mean, look.ts);
  }

  rest(look: Look, why: string): void {
    const state = this.#state;
    state.on(look.block);
    state.set(COUNT, 0);
    state.set(SUM, 0);
    state.set(OUTSIDE, 0);
    if (state.get(ACTIVE) === 1) this.#end(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody says that the value is usual: the range takes it in. */
  accept(block: StateBlock, value: number): void {
    const state = this.#state;
    state.on(block);
    if (value < state.get(BASE_LOW)) state.set(BASE_LOW, value);
    if (value > state.get(BASE_HIGH)) state.set(BASE_HIGH, value);
    state.set(OUTSIDE, 0);
  }

  isActive(block: StateBlock): boolean {
    this.#state.on(block);
    return this.#state.get(ACTIVE) === 1;
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.on(block);
    this.#state.set(ACTIVE, active ? 1 : 0);
  }

  #judgeBlock(look: Look, mean: number): void {
    const state = this.#state;
    const excess = this.#excess(mean);
    if (excess === 0) {
      state.set(OUTSIDE, 0);
      const name = nameOf(look.subject);
      if (state.get(ACTIVE) === 1) this.#end(look, `${name} keeps to where its mean has been`);
      return;
    }
    const outside = state.get(OUTSIDE) + 1;
    state.set(OUTSIDE, outside);
    if (outside === 1) {
      state.set(FIRST_EXCESS, excess);
      state.set(SINCE, look.ts);
    }
    const isCreeping = state.get(FIRST_EXCESS) < JUMP_SHARE * excess;
    if (outside < OUTSIDE_BLOCKS_MIN || excess < EXCESS_MIN || !isCreeping) return;
    if (state.get(ACTIVE) === 1) return;
    state.set(ACTIVE, 1);
    this.#raise(look, mean);
  }

  /** In widths of the range; 0 inside, and while there is none. */
  #excess(mean: number): number {
    const state = this.#state;
    if (state.get(EPOCHS) < EPOCHS_MIN) return 0;
    const low = state.get(BASE_LOW);
    const high = state.get(BASE_HIGH);
    if (!(high > low)) return 0;
    return Math.max(0, mean - high, low - mean) / (high - low);
  }

  #learnBlock(mean: number, ts: number): void {
    const state = this.#state;
    const blocks = state.get(BLOCKS) + 1;
    state.set(BLOCKS, blocks);
    if (blocks === 1) state.set(EPOCH_START, ts);
    if (mean < state.get(LOW)) state.set(LOW, mean);
    if (mean > state.get(HIGH)) state.set(HIGH, mean);
    if (blocks < EPOCH_BLOCKS || ts - state.get(EPOCH_START) < EPOCH_MS) return;
    const drawIn = FORGETTING * Math.max(0, state.get(BASE_HIGH) - state.get(BASE_LOW));
    state.set(BASE_LOW, Math.min(state.get(BASE_LOW) + drawIn, state.get(LOW)));
    state.set(BASE_HIGH, Math.max(state.get(BASE_HIGH) - drawIn, state.get(HIGH)));
    state.set(LOW, Number.POSITIVE_INFINITY);
    state.set(HIGH, Number.NEGATIVE_INFINITY);
    state.set(BLOCKS, 0);
    state.set(EPOCHS, state.get(EPOCHS) + 1);
  }

  #raise(look: Look, mean: number): void {
    const { ts, subject } = look;
    const state = this.#state;
    const isUp = mean > state.get(BASE_HIGH);
    const bound = isUp ? state.get(BASE_HIGH) : state.get(BASE_LOW);
    const where = `${isUp ? "up" : "down"} to a mean of ${amount(mean, subject)}`;
    const before = `${isUp ? "at most" : "at least"} ${amount(bound, subject)}`;
    this.#tell(
      look,
      bound,
      `${nameOf(subject)} has crept ${where} within ${lasting(ts - state.get(SINCE))} (before, ${before})`,
      isUp ? "drift up" : "drift down",
    );
  }

  #end(look: Look, message: string): void {
    this.#state.set(ACTIVE, 0);
    this.#tell(look, look.value, message, "drift");
  }

  #tell(look: Look, expected: number, message: string, feature: string): void {
    const state = this.#state;
    const { ts, value } = look;
    report(look, {
      rule: "drift",
      state: state.get(ACTIVE) === 1 ? "active" : "cleared",
      priority: "low",
      ts,
      value,
      expected,
      since: state.get(SINCE),
      feature,
      message,
    });
  }
}
