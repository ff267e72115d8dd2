/**
 * An alarm on how fast a value changes. The change is taken over half of a window to a whole one, so
 * that the noise between neighbours is no change; where readings come more seldom, over one step.
 */
import { type Delays, isOn, onSince, SWITCH_SIZE, setOn, turns } from "./delayed-switch.ts";
import { type Look, type Rule, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
import { amount, lasting, nameOf } from "./wording.ts";

const WINDOW_MS = 10_000;
/** The alarm clears below this share of the limit. */
const CLEAR_SHARE = 0.9;
const SECOND_MS = 1000;
const MINUTE_S = 60;

/** The reading that is compared with, and the one that takes its place. Times are 0 for none. */
const FROM_TS = 0;
const FROM_VALUE = 1;
const NEXT_TS = 2;
const NEXT_VALUE = 3;
const SWITCH = 4;

const NAMES: readonly string[] = ["rate"];

export class RateRule implements Rule {
  readonly names = NAMES;
  readonly #rate: number;
  readonly #delays: Delays;
  readonly #state: StateCursor;

  /** @param rate in the unit of the tag a second; greater than 0 */
  constructor(layout: StateLayout, rate: number, delays: Delays) {
    this.#rate = rate;
    this.#delays = delays;
    this.#state = new StateCursor(layout, SWITCH + SWITCH_SIZE);
  }

  begin(): void {
    // A block of zeros has no reading yet to compare with.
  }

  judge(look: Look): void {
    const { ts, value, block } = look;
    const state = this.#state;
    state.on(block);
    this.#moveOn(ts, value);
    const passedMs = ts - state.get(FROM_TS);
    if (passedMs < WINDOW_MS / 2) return;
    const rate = (SECOND_MS * (value - state.get(FROM_VALUE))) / passedMs;
    const limit = isOn(state, SWITCH) ? CLEAR_SHARE * this.#rate : this.#rate;
    const holds = Math.abs(rate) > limit;
    if (turns(state, SWITCH, holds, ts, this.#delays)) this.#tell(look, rate);
  }

  /** As limits do, it holds whether the machine runs or not. */
  rest(look: Look): void {
    this.judge(look);
  }

  isActive(block: StateBlock): boolean {
    this.#state.on(block);
    return isOn(this.#state, SWITCH);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.on(block);
    setOn(this.#state, SWITCH, active);
  }

  #moveOn(ts: number, value: number): void {
    const state = this.#state;
    const nextTs = state.get(NEXT_TS);
    if (nextTs !== 0 && ts - nextTs < WINDOW_MS / 2) return;
    // The first reading is compared with until there is a second one far enough behind it.
    if (nextTs !== 0) {
      state.set(FROM_TS, nextTs);
      state.set(FROM_VALUE, state.get(NEXT_VALUE));
    } else {
      state.set(FROM_TS, ts);
      state.set(FROM_VALUE, value);
    }
    state.set(NEXT_TS, ts);
    state.set(NEXT_VALUE, value);
  }

  #tell(look: Look, rate: number): void {
    const { ts, subject } = look;
    const active = isOn(this.#state, SWITCH);
    const since = onSince(this.#state, SWITCH);
    const limit = this.#rate;
    const how = active && ts > since ? `, for ${lasting(ts - since)}` : "";
    const isSlow = limit < 1;
    const scale = isSlow ? MINUTE_S : 1;
    const per = isSlow ? "/min" : "/s";
    const speed = `${amount(rate * scale, subject)}${per}`;
    const bound = `${amount(limit * scale, subject)}${per}`;
    report(look, {
      rule: "rate",
      state: active ? "active" : "cleared",
      priority: "medium",
      ts,
      value: rate,
      expected: Math.sign(rate) * limit,
      unit: `${subject.unit ?? ""}/s`,
      since,
      feature: rate < 0 ? "falling" : "rising",
      message: active
        ? `${nameOf(subject)} changes by ${speed}, faster than its limit of ${bound}${how}`
        : `${nameOf(subject)} changes by ${speed}, within its limit of ${bound} again`,
    });
  }
}
