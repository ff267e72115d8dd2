/**
 * Which rules watch the series of the same settings, but for their limits, and how their numbers lie
 * in a series' block.
 */
import { AnomalyRule, type Direction, type Sensitivity } from "./anomaly-rule.ts";
import { AutoDetector } from "./auto-detector.ts";
import { CounterRule } from "./counter-rule.ts";
import { DriftRule } from "./drift-rule.ts";
import type { Limits } from "./limits.ts";
import { MedianDetector } from "./median-detector.ts";
import type { Look, Rule } from "./rule.ts";
import { SilenceRule } from "./silence-rule.ts";
import { Sparkline } from "./sparkline.ts";
import { bytesOf, type StateBlock, StateLayout, StateSlabs } from "./state-slabs.ts";
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
  /** Where in the block the rules that learn begin. */
  readonly #learntAt: number;
  readonly #slabs: StateSlabs;
  /** The one look of all judgements: they come one after the other. */
  #look: Look | undefined;

  /** @param limitDoubles room at the beginning of each block, for the limits that a series has */
  constructor(settings: Omit<WatchSettings, "limits">, limitDoubles: number) {
    const { detect } = settings;
    const layout = this.#layout;
    layout.take(limitDoubles);
    const stale = settings.stale ?? detect.stale;
    if (typeof stale === "number") this.silence = new SilenceRule(layout, stale);
    else if (stale === undefined && detect.auto) this.silence = new SilenceRule(layout, undefined);
    this.sparkline = new Sparkline(layout);
    this.#learntAt = layout.doubles;
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
    this.#slabs = new StateSlabs(layout.doubles);
  }

  takeBlock(): StateBlock {
    const block = this.#slabs.take();
    this.#begin(block);
    return block;
  }

  /** All that is known of a series: memory of the block, not a copy. */
  bytesOf(block: StateBlock): Uint8Array {
    return bytesOf(block, this.#layout.doubles);
  }

  /** Forgets what was learnt; limits and their delays stay as they are. */
  forget(block: StateBlock): void {
    const { doubles, at } = block;
    this.silence?.relearn(block);
    doubles.fill(0, at + this.#learntAt, at + this.#layout.doubles);
    this.#begin(block);
  }

  look(block: StateBlock, subject: Look["subject"], ts: number, value: number): Look {
    const look = (this.#look ??= { block, subject, ts, value, findings: undefined });
    look.block = block;
    look.subject = subject;
    look.ts = ts;
    look.value = value;
    look.findings = undefined;
    return look;
  }

  #begin(block: StateBlock): void {
    for (const rule of this.learnt) rule.begin(block);
  }
}
