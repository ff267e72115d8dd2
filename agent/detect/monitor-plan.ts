/**
 * Which rules watch the series of the same settings, but for the values of their limits, and how their
 * numbers lie in a series' block.
 */
import { AnomalyRule, type Direction, type Sensitivity } from "./anomaly-rule.ts";
import { AutoDetector } from "./auto-detector.ts";
import { CounterRule } from "./counter-rule.ts";
import { DelayedSwitch } from "./delayed-switch.ts";
import { DriftRule } from "./drift-rule.ts";
import { LIMITS, LimitRule, type Limits } from "./limits.ts";
import { MedianDetector } from "./median-detector.ts";
import { RateRule, RateState } from "./rate-rule.ts";
import type { Look, Rule } from "./rule.ts";
import { SilenceRule } from "./silence-rule.ts";
import { Sparkline } from "./sparkline.ts";
import { StateLayout } from "./state-layout.ts";
import type { DoubleField } from "./state-numbers.ts";
import type { StateShape } from "./state-shape.ts";
import { type StateBlock, StateSlabs } from "./state-slabs.ts";
import { StuckRule } from "./stuck-rule.ts";

/**
 * Which detector looks for unusual values. `records` (the default) knows what a series has ever
 * done; `median` knows only its last minute, and so calls each start of a resting machine unusual:
 * on the simulated plant it raises fifteen times as many false alarms at the same sensitivity, and
 * finds fewer faults (`npm run bench -- plant`).
 */
export type DetectMethod = "records" | "median";

export interface DetectSettings {
  /** Whether to look for unusual values, and for series that stand still or fall silent, at all. */
  readonly auto: boolean;
  readonly method?: DetectMethod | undefined;
  readonly sensitivity?: Sensitivity | undefined;
  readonly direction?: Direction | undefined;
  /** How long without a reading is too long; left out, it is learnt. */
  readonly stale?: number | "off" | undefined;
  /** Tags of the device that are watched together, too. */
  readonly group?: readonly string[] | undefined;
  /** A tag of the device: only while it is true, or a number other than 0, the machine runs. */
  readonly while?: string | undefined;
}

export interface WatchSettings {
  /** With how fast it may change, in its unit a second. */
  readonly limits?: (Limits & { readonly rate?: number | undefined }) | undefined;
  readonly detect: DetectSettings;
  /** Goes before that of `detect`. */
  readonly stale?: number | "off" | undefined;
  readonly counter?: boolean | undefined;
}

export class MonitorPlan {
  readonly sparkline: Sparkline;
  readonly anomaly: AnomalyRule | undefined;
  readonly stuck: StuckRule | undefined;
  readonly drift: DriftRule | undefined;
  readonly silence: SilenceRule | undefined;
  /** What goes by what the series was like before. */
  readonly learnt: readonly Rule[];
  readonly #layout = new StateLayout();
  readonly #switches: readonly DelayedSwitch[];
  readonly #rate: RateState | undefined;
  /** What a block holds besides what is learnt. */
  readonly #given: StateShape;
  /** The newest value of the series; NaN for none. */
  readonly #newest: DoubleField;
  readonly #slabs: StateSlabs;
  /** By place: what somebody has set, for the series that have such rules. */
  readonly #set: (readonly Rule[] | undefined)[] = [];
  /** The one look of all judgements: they come one after the other. */
  readonly #look: Look;

  /** @param settings of one of the series; of its limits only counts whether there are any */
  constructor(settings: WatchSettings) {
    const { detect, limits } = settings;
    const layout = this.#layout;
    this.#switches = limits ? LIMITS.map(() => new DelayedSwitch(layout)) : [];
    this.#rate = limits?.rate === undefined ? undefined : new RateState(layout);
    const stale = settings.stale ?? detect.stale;
    if (typeof stale === "number") this.silence = new SilenceRule(layout, stale);
    else if (stale === undefined && detect.auto) this.silence = new SilenceRule(layout, undefined);
    this.sparkline = new Sparkline(layout);
    this.#given = layout.shape;
    this.#newest = layout.double();
    const isCounter = settings.counter === true;
    if (detect.auto) {
      const { method, sensitivity = "medium", direction } = detect;
      const detector = method === "median" ? new MedianDetector(layout) : new AutoDetector(layout);
      this.anomaly = new AnomalyRule(layout, detector, sensitivity, direction);
      this.stuck = new StuckRule(layout, isCounter);
      this.drift = new DriftRule(layout);
      this.learnt = [this.anomaly, this.stuck, this.drift, new CounterRule(layout, isCounter)];
    } else {
      this.learnt = [];
    }
    this.#slabs = new StateSlabs(layout.shape);
    const subject = { device: "", tag: "" };
    const none = { ts: Number.NaN, value: Number.NaN, previous: Number.NaN };
    this.#look = { block: this.#slabs.block, subject, ...none, findings: undefined };
  }

  /** Gives the place of a block for one more series. */
  take(limits: WatchSettings["limits"]): number {
    const place = this.#slabs.take();
    if (limits) this.#set[place] = this.#rulesOf(limits);
    this.#begin(this.#slabs.open(place));
    return place;
  }

  /** What is known of that series, until another one is opened. */
  open(place: number): StateBlock {
    return this.#slabs.open(place);
  }

  /** What somebody has set for that series. */
  set(place: number): readonly Rule[] {
    return this.#set[place] ?? NO_RULES;
  }

  /** All that is known of a series: memory of the block, not a copy. */
  bytesOf(place: number): Uint8Array {
    return this.#slabs.bytesOf(place);
  }

  /** Forgets what was learnt; limits and their delays stay as they are. */
  forget(block: StateBlock): void {
    this.silence?.relearn(block);
    this.#layout.clearSince(this.#given, block);
    this.#begin(block);
  }

  look(place: number, subject: Look["subject"], ts: number, value: number): Look {
    const look = this.#look;
    look.subject = subject;
    look.ts = ts;
    look.value = value;
    look.previous = this.#newest.get(this.#slabs.open(place));
    look.findings = undefined;
    return look;
  }

  /** The look's value is the previous one of the next look. */
  keep({ block, value }: Look): void {
    this.#newest.set(block, value);
  }

  #rulesOf(limits: NonNullable<WatchSettings["limits"]>): readonly Rule[] {
    const rule = new LimitRule(this.#switches, limits);
    if (limits.rate === undefined || !this.#rate) return [rule];
    return [rule, new RateRule(this.#rate, limits.rate, limits)];
  }

  #begin(block: StateBlock): void {
    this.#newest.set(block, Number.NaN);
    for (const rule of this.learnt) rule.begin(block);
  }
}

const NO_RULES: readonly Rule[] = Object.freeze([]);
