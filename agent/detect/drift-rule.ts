/**
 * Finds what creeps: a mean that leaves, a little at a time, where it has been on the days before. A
 * record that is broken by little again and again never surprises, so what is compared with is not the
 * latest record but the range of the block means of earlier epochs, which forgets slowly. Who leaves
 * it at once has jumped, which others tell. O(1) a value.
 */
import type { LevelField, Origin } from "./level-field.ts";
import { type Look, type Rule, report } from "./rule.ts";
import type { CountField, FlagField, HalfField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { HalfHourField, InstantField } from "./state-times.ts";
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
/** How far out the first block was is kept in such parts of a width; who was farther out has jumped. */
const EXCESS_STEPS = 1024;
const EXCESS_MAX = 60;

export class DriftRule implements Rule {
  readonly names = ["drift"];
  readonly #origin: Origin;
  /** Of the values under way. */
  readonly #count: CountField;
  readonly #mean: LevelField;
  /** Where the means have been: in the epochs before, and in this one. */
  readonly #baseLow: LevelField;
  readonly #baseHigh: LevelField;
  readonly #low: LevelField;
  readonly #high: LevelField;
  /** Epochs before, and blocks of this one, until there were enough. */
  readonly #epochs: CountField;
  readonly #blocks: CountField;
  readonly #epochStart: HalfHourField;
  /** Blocks outside, in a row: how many, how far out the first was, and when. */
  readonly #outside: CountField;
  readonly #firstExcess: HalfField;
  readonly #since: InstantField;
  readonly #active: FlagField;

  constructor(layout: StateLayout) {
    this.#origin = layout.origin;
    this.#count = layout.count(BLOCK_VALUES - 1);
    this.#mean = layout.level();
    this.#baseLow = layout.level();
    this.#baseHigh = layout.level();
    this.#low = layout.level();
    this.#high = layout.level();
    this.#epochs = layout.count(EPOCHS_MIN);
    this.#blocks = layout.count(EPOCH_BLOCKS);
    this.#epochStart = layout.halfHour();
    this.#outside = layout.count(OUTSIDE_BLOCKS_MIN);
    this.#firstExcess = layout.half();
    this.#since = layout.instant();
    this.#active = layout.flag();
  }

  begin(block: StateBlock): void {
    for (const low of [this.#low, this.#baseLow]) low.set(block, Number.POSITIVE_INFINITY);
    for (const high of [this.#high, this.#baseHigh]) high.set(block, Number.NEGATIVE_INFINITY);
  }

  judge(look: Look): void {
    const { block, value } = look;
    const count = this.#count.get(block) + 1;
    if (count === 1) this.#origin.settle(block, value);
    this.#count.set(block, count % BLOCK_VALUES);
    this.#mean.follow(block, value, 1 / count);
    if (count < BLOCK_VALUES) return;
    const mean = this.#mean.get(block);
    this.#judgeBlock(look, mean);
    this.#learnBlock(block, mean, look.ts);
  }

  rest(look: Look, why: string): void {
    const { block } = look;
    this.#count.set(block, 0);
    this.#outside.set(block, 0);
    if (this.#active.get(block)) this.#end(look, `${nameOf(look.subject)} ${why}`);
  }

  /** Somebody says that the value is usual: the range takes it in. */
  accept(block: StateBlock, value: number): void {
    if (value < this.#baseLow.get(block)) this.#baseLow.set(block, value);
    if (value > this.#baseHigh.get(block)) this.#baseHigh.set(block, value);
    this.#outside.set(block, 0);
  }

  isActive(block: StateBlock): boolean {
    return this.#active.get(block);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#active.set(block, active);
  }

  #judgeBlock(look: Look, mean: number): void {
    const { block } = look;
    const excess = this.#excess(block, mean);
    if (excess === 0) {
      this.#outside.set(block, 0);
      const name = nameOf(look.subject);
      if (this.#active.get(block)) this.#end(look, `${name} keeps to where its mean has been`);
      return;
    }
    const outside = this.#outside.countUp(block);
    if (outside === 1) {
      this.#firstExcess.set(block, Math.ceil(EXCESS_STEPS * excess));
      this.#since.set(block, look.ts);
    }
    if (outside < OUTSIDE_BLOCKS_MIN || excess < EXCESS_MIN) return;
    const firstExcess = this.#firstExcess.get(block) / EXCESS_STEPS;
    if (firstExcess >= Math.min(EXCESS_MAX, JUMP_SHARE * excess)) return;
    if (this.#active.get(block)) return;
    this.#active.set(block, true);
    this.#raise(look, mean);
  }

  /** In widths of the range; 0 inside, and while there is none. */
  #excess(block: StateBlock, mean: number): number {
    if (this.#epochs.get(block) < EPOCHS_MIN) return 0;
    const low = this.#baseLow.get(block);
    const high = this.#baseHigh.get(block);
    if (!(high > low)) return 0;
    return Math.max(0, mean - high, low - mean) / (high - low);
  }

  #learnBlock(block: StateBlock, mean: number, ts: number): void {
    const blocks = this.#blocks.countUp(block);
    if (blocks === 1) this.#epochStart.set(block, ts);
    if (mean < this.#low.get(block)) this.#low.set(block, mean);
    if (mean > this.#high.get(block)) this.#high.set(block, mean);
    if (blocks < EPOCH_BLOCKS || this.#epochStart.passedMs(block, ts) < EPOCH_MS) return;
    const [baseLow, baseHigh] = [this.#baseLow.get(block), this.#baseHigh.get(block)];
    const drawIn = FORGETTING * Math.max(0, baseHigh - baseLow);
    this.#baseLow.set(block, Math.min(baseLow + drawIn, this.#low.get(block)));
    this.#baseHigh.set(block, Math.max(baseHigh - drawIn, this.#high.get(block)));
    this.#low.set(block, Number.POSITIVE_INFINITY);
    this.#high.set(block, Number.NEGATIVE_INFINITY);
    this.#blocks.set(block, 0);
    this.#epochs.countUp(block);
    this.#origin.moveTo(block, mean);
  }

  #raise(look: Look, mean: number): void {
    const { block, ts, subject } = look;
    const isUp = mean > this.#baseHigh.get(block);
    const bound = (isUp ? this.#baseHigh : this.#baseLow).shown(block);
    const where = `${isUp ? "up" : "down"} to a mean of ${amount(mean, subject)}`;
    const before = `${isUp ? "at most" : "at least"} ${amount(bound, subject)}`;
    const within = lasting(ts - this.#since.get(block, ts));
    const message = `${nameOf(subject)} has crept ${where} within ${within} (before, ${before})`;
    this.#tell(look, bound, message, isUp ? "drift up" : "drift down");
  }

  #end(look: Look, message: string): void {
    this.#active.set(look.block, false);
    this.#tell(look, look.value, message, "drift");
  }

  #tell(look: Look, expected: number, message: string, feature: string): void {
    const { block, ts, value } = look;
    report(look, {
      rule: "drift",
      state: this.#active.get(block) ? "active" : "cleared",
      priority: "low",
      ts,
      value,
      expected,
      since: this.#since.get(block, ts),
      feature,
      message,
    });
  }
}
