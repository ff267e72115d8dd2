/**
 * An alarm on how fast a value changes. The change is taken over half of a window to a whole one, so
 * that the noise between neighbours is no change; where readings come more seldom, over one step.
 */
import { DelayedSwitch, type Delays } from "./delayed-switch.ts";
import { type Look, type Rule, report } from "./rule.ts";
import type { StateLayout } from "./state-layout.ts";
import type { DoubleField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";
import { amount, lasting, nameOf } from "./wording.ts";

const WINDOW_MS = 10_000;
/** The alarm clears below this share of the limit. */
const CLEAR_SHARE = 0.9;
const SECOND_MS = 1000;
const MINUTE_S = 60;

const NAMES: readonly string[] = ["rate"];

/** What is known of a series' rate; shared by all that have a limit on it. */
export class RateState {
  /** The reading that is compared with, and the one that takes its place. Times are 0 for none. */
  readonly fromTs: DoubleField;
  readonly fromValue: DoubleField;
  readonly nextTs: DoubleField;
  readonly nextValue: DoubleField;
  readonly alarm: DelayedSwitch;

  constructor(layout: StateLayout) {
    this.fromTs = layout.double();
    this.fromValue = layout.double();
    this.nextTs = layout.double();
    this.nextValue = layout.double();
    this.alarm = new DelayedSwitch(layout);
  }
}

export class RateRule implements Rule {
  readonly names = NAMES;
  readonly #rate: number;
  readonly #delays: Delays;
  readonly #state: RateState;

  /** @param rate in the unit of the tag a second; greater than 0 */
  constructor(state: RateState, rate: number, delays: Delays) {
    this.#rate = rate;
    this.#delays = delays;
    this.#state = state;
  }

  begin(): void {
    // A block of zeros has no reading yet to compare with.
  }

  judge(look: Look): void {
    const { ts, value, block } = look;
    const { fromTs, fromValue, alarm } = this.#state;
    this.#moveOn(block, ts, value);
    const passedMs = ts - fromTs.get(block);
    if (passedMs < WINDOW_MS / 2) return;
    const rate = (SECOND_MS * (value - fromValue.get(block))) / passedMs;
    const limit = alarm.isOn(block) ? CLEAR_SHARE * this.#rate : this.#rate;
    const holds = Math.abs(rate) > limit;
    if (alarm.turns(block, holds, ts, this.#delays)) this.#tell(look, rate);
  }

  /** As limits do, it holds whether the machine runs or not. */
  rest(look: Look): void {
    this.judge(look);
  }

  isActive(block: StateBlock): boolean {
    return this.#state.alarm.isOn(block);
  }

  setActive(block: StateBlock, _name: string, active: boolean): void {
    this.#state.alarm.set(block, active);
  }

  #moveOn(block: StateBlock, ts: number, value: number): void {
    const state = this.#state;
    const nextTs = state.nextTs.get(block);
    if (nextTs !== 0 && ts - nextTs < WINDOW_MS / 2) return;
    // The first reading is compared with until there is a second one far enough behind it.
    state.fromTs.set(block, nextTs === 0 ? ts : nextTs);
    state.fromValue.set(block, nextTs === 0 ? value : state.nextValue.get(block));
    state.nextTs.set(block, ts);
    state.nextValue.set(block, value);
  }

  #tell(look: Look, rate: number): void {
    const { block, ts, subject } = look;
    const active = this.#state.alarm.isOn(block);
    const since = this.#state.alarm.onSince(block);
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
