/**
 * Tells a counter that goes back. One that begins anew near zero was reset or has wrapped, as counters
 * do. Whoever has only ever counted up for long is taken for a counter without being called one, and
 * does not stop to be one by going back once: that takes half of what spoke for it.
 */
import type { LevelField, Origin } from "./level-field.ts";
import { type Look, type Rule, report } from "./rule.ts";
import type { CountField, FlagField, HalfField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { InstantField } from "./state-times.ts";
import { amount, nameOf } from "./wording.ts";

/** Values without a fall, at least half of them rises, that make a counter of a series. */
const COUNTER_VALUES = 1024;
/** A fall to less than this share of the value is a new beginning. */
const RESET_SHARE = 0.1;
/** Values that count up again, before one that clears the alarm. */
const CALM_VALUES = 15;
/** The longest run that is counted. */
const RUN_MAX = 60_000;

export class CounterRule implements Rule {
  readonly names = ["counter"];
  readonly #isDeclared: boolean;
  /** Values that count up in a row, and half of those before each fall; how many of them rose. */
  readonly #run: HalfField;
  readonly #rises: HalfField;
  readonly #active: FlagField;
  /** Values that must count up before the alarm clears. */
  readonly #uncalm: CountField;
  readonly #since: InstantField;
  /** What it had counted to before it went back. */
  readonly #high: LevelField;
  readonly #origin: Origin;

  /** @param isDeclared the file calls the tag a counter */
  constructor(layout: StateLayout, isDeclared: boolean) {
    this.#isDeclared = isDeclared;
    this.#run = layout.half();
    this.#rises = layout.half();
    this.#active = layout.flag();
    this.#uncalm = layout.count(CALM_VALUES);
    this.#since = layout.instant();
    this.#high = layout.level();
    this.#origin = layout.origin;
  }

  begin(): void {
    // A block of zeros has seen nothing.
  }

  judge(look: Look): void {
    const { value, previous } = look;
    if (Number.isNaN(previous)) return;
    if (value < previous) this.#fall(look);
    else this.#count(look);
  }

  rest(look: Look, why: string): void {
    if (this.#active.get(look.block)) this.#end(look, `${nameOf(look.subject)} ${why}`);
  }

  isActive(block: StateBlock): boolean {
    return this.#active.get(block);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#active.set(block, active);
  }

  #fall(look: Look): void {
    const { block, ts, value, previous, subject } = look;
    const isCounter = this.#isCounter(block);
    const share = isCounter ? 0.5 : 0;
    this.#run.set(block, share * this.#run.get(block));
    this.#rises.set(block, share * this.#rises.get(block));
    this.#uncalm.set(block, CALM_VALUES);
    const isReset = value >= 0 && value <= RESET_SHARE * previous;
    if (!isCounter || isReset || this.#active.get(block)) return;
    this.#active.set(block, true);
    this.#since.set(block, ts);
    this.#origin.settle(block, value);
    this.#high.set(block, previous);
    const [from, to] = [amount(previous, subject), amount(value, subject)];
    this.#tell(look, `${nameOf(subject)} fell from ${from} to ${to}: a counter does not go back`);
  }

  #count(look: Look): void {
    const { block, value, previous, subject } = look;
    this.#countRun(block, value > previous);
    if (!this.#active.get(block)) return;
    const uncalm = this.#uncalm.get(block);
    if (uncalm > 0 && value < this.#high.get(block)) this.#uncalm.set(block, uncalm - 1);
    else this.#end(look, `${nameOf(subject)} counts on from ${amount(value, subject)}`);
  }

  /** Both counts are halved before one runs over: what counts is how many of the run rose. */
  #countRun(block: StateBlock, isRise: boolean): void {
    const run = this.#run.get(block) + 1;
    const rises = this.#rises.get(block) + (isRise ? 1 : 0);
    const share = run > RUN_MAX ? 0.5 : 1;
    this.#run.set(block, Math.floor(share * run));
    this.#rises.set(block, Math.ceil(share * rises));
  }

  #end(look: Look, message: string): void {
    this.#active.set(look.block, false);
    this.#tell(look, message);
  }

  #isCounter(block: StateBlock): boolean {
    if (this.#isDeclared) return true;
    const run = this.#run.get(block);
    return run >= COUNTER_VALUES && 2 * this.#rises.get(block) >= run;
  }

  #tell(look: Look, message: string): void {
    const { block, ts, value } = look;
    report(look, {
      rule: "counter",
      state: this.#active.get(block) ? "active" : "cleared",
      priority: this.#isDeclared ? "medium" : "low",
      ts,
      value,
      expected: this.#high.shown(block),
      since: this.#since.get(block, ts),
      feature: "counter back",
      message,
    });
  }
}
