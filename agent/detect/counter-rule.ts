/**
 * Tells a counter that goes back. One that begins anew near zero was reset or has wrapped, as counters
 * do. Whoever has only ever counted up for long is taken for a counter without being called one.
 */
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
import { amount, nameOf } from "./wording.ts";

/** Values without a fall, at least half of them rises, that make a counter of a series. */
const COUNTER_VALUES = 1024;
/** A fall to less than this share of the value is a new beginning. */
const RESET_SHARE = 0.1;
/** Values that count up again, after which the alarm clears. */
const CALM_VALUES = 16;

const SEEN = 0;
const LAST = 1;
const RUN = 2;
const RISES = 3;
const ACTIVE = 4;
const SINCE = 5;
/** What it had counted to before it went back. */
const HIGH = 6;
const CALM = 7;
const DOUBLES = 8;

export class CounterRule implements Rule {
  readonly names = ["counter"];
  readonly #isDeclared: boolean;
  readonly #state: StateCursor;

  /** @param isDeclared the file calls the tag a counter */
  constructor(layout: StateLayout, isDeclared: boolean) {
    this.#isDeclared = isDeclared;
    this.#state = new StateCursor(layout, DOUBLES);
  }

  begin(): void {
    // A block of zeros has seen nothing.
  }

  judge(look: Look): void {
    const { value } = look;
    const state = this.#state;
    state.on(look.block);
    const last = state.get(LAST);
    const isFirst = state.get(SEEN) === 0;
    state.set(SEEN, 1);
    state.set(LAST, value);
    if (isFirst) return;
    if (value < last) this.#fall(look, last);
    else this.#count(look, last);
  }

  rest(look: Look, why: string): void {
    const state = this.#state;
    state.on(look.block);
    state.set(LAST, look.value);
    if (state.get(ACTIVE) === 1) this.#end(look, `${nameOf(look.subject)} ${why}`);
  }

  isActive(block: StateBlock): boolean {
    this.#state.on(block);
    return this.#state.get(ACTIVE) === 1;
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.on(block);
    this.#state.set(ACTIVE, active ? 1 : 0);
  }

  #fall(look: Look, last: number): void {
    const { ts, value, subject } = look;
    const state = this.#state;
    const isCounter = this.#isCounter();
    state.set(RUN, 0);
    state.set(RISES, 0);
    state.set(CALM, 0);
    const isReset = value >= 0 && value <= RESET_SHARE * last;
    if (!isCounter || isReset || state.get(ACTIVE) === 1) return;
    state.set(ACTIVE, 1);
    state.set(SINCE, ts);
    state.set(HIGH, last);
    const [from, to] = [amount(last, subject), amount(value, subject)];
    this.#tell(look, `${nameOf(subject)} fell from ${from} to ${to}: a counter does not go back`);
  }

  #count(look: Look, last: number): void {
    const { value, subject } = look;
    const state = this.#state;
    state.set(RUN, state.get(RUN) + 1);
    if (value > last) state.set(RISES, state.get(RISES) + 1);
    if (state.get(ACTIVE) === 0) return;
    const calm = state.get(CALM) + 1;
    state.set(CALM, calm);
    if (calm < CALM_VALUES && value < state.get(HIGH)) return;
    this.#end(look, `${nameOf(subject)} counts on from ${amount(value, subject)}`);
  }

  #end(look: Look, message: string): void {
    this.#state.set(ACTIVE, 0);
    this.#tell(look, message);
  }

  #isCounter(): boolean {
    if (this.#isDeclared) return true;
    const run = this.#state.get(RUN);
    return run >= COUNTER_VALUES && 2 * this.#state.get(RISES) >= run;
  }

  #tell(look: Look, message: string): void {
    const state = this.#state;
    const { ts, value } = look;
    report(look, {
      rule: "counter",
      state: state.get(ACTIVE) === 1 ? "active" : "cleared",
      priority: this.#isDeclared ? "medium" : "low",
      ts,
      value,
      expected: state.get(HIGH),
      since: state.get(SINCE),
      feature: "counter back",
      message,
    });
  }
}
