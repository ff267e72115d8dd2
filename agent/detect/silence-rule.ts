/**
 * Tells a series that has fallen silent (`stale`), and one whose readings came back behind a hole that
 * nobody was told of (`gap`). Staleness is measured by when readings arrive, on a scale that does not
 * step; a hole is measured by the readings' own times. How long a silence may be is set, or learnt
 * from the series' own rhythm. Pure: it is told the time.
 */
import { Rhythm } from "./rhythm.ts";
import { type Look, report } from "./rule.ts";
import type { CountField, FlagField, WordField } from "./state-counts.ts";
import type { StateLayout } from "./state-layout.ts";
import type { DoubleField } from "./state-numbers.ts";
import type { StateBlock } from "./state-slabs.ts";
import type { InstantField } from "./state-times.ts";
import { lasting, moment, nameOf } from "./wording.ts";

/** Whoever is silent may speak yet; whoever left a hole has left it. */
const STALE = { means: 10, longests: 3, leastMs: 30_000 };
const GAP = { means: 5, longests: 2, leastMs: 10_000 };
/** Readings in rhythm behind a hole, after which it is over. */
const CALM_READINGS = 16;

/** When a reading arrived is kept in milliseconds modulo this: some 50 days, and nothing is so late. */
const ARRIVAL_SPAN_MS = 2 ** 32;
const WEEK_MS = 7 * 86_400_000;

export class SilenceRule {
  readonly names = ["stale", "gap"];
  readonly #staleMs: number | undefined;
  /** Time of the newest reading. */
  readonly #lastTs: DoubleField;
  /** When it arrived; 0 for none in this run of the program. */
  readonly #lastSeen: WordField;
  readonly #isStale: FlagField;
  readonly #hasGap: FlagField;
  readonly #gapSince: InstantField;
  /** Readings in rhythm behind the last hole. */
  readonly #calm: CountField;
  readonly #arrivals: Rhythm;
  readonly #times: Rhythm;

  /** @param staleMs the silence that is too long; left out, it is learnt */
  constructor(layout: StateLayout, staleMs: number | undefined) {
    this.#staleMs = staleMs;
    this.#lastTs = layout.double();
    this.#lastSeen = layout.word();
    this.#isStale = layout.flag();
    this.#hasGap = layout.flag();
    this.#gapSince = layout.instant();
    this.#calm = layout.count(CALM_READINGS);
    this.#arrivals = new Rhythm(layout);
    this.#times = new Rhythm(layout);
  }

  /** The program was not running: its own silence is not the series'. */
  resume(block: StateBlock): void {
    this.#lastSeen.set(block, 0);
  }

  /** How long after a reading it is stale; infinite while that is not known. */
  staleAfterMs(block: StateBlock): number {
    return this.#staleMs ?? this.#arrivals.usualSilenceMs(block, STALE);
  }

  /** @param seenMs when it arrived; more than 0, and never less than before */
  hear(look: Look, seenMs: number): void {
    const { block } = look;
    const lastSeen = this.#lastSeen.get(block);
    const seen = arrivalOf(seenMs);
    const wasStale = this.#isStale.get(block);
    if (wasStale) this.#endStale(look);
    if (lastSeen > 0) this.#learn(look, (seen - lastSeen) >>> 0, wasStale);
    this.#settleGap(look);
    this.#keep(look, seen);
  }

  /** The machine stands: what comes is noted, and teaches nothing. */
  rest(look: Look, seenMs: number, why: string): void {
    const { block } = look;
    if (this.#isStale.get(block)) this.#endStale(look);
    if (this.#hasGap.get(block)) {
      this.#hasGap.set(block, false);
      this.#tellGap(look, 0, `${nameOf(look.subject)} ${why}`);
    }
    this.#keep(look, arrivalOf(seenMs));
  }

  /**
   * Nothing has come for so long: to be called when that is longer than `staleAfterMs`.
   * @param look with the wall's time as its own
   */
  silent(look: Look, silentMs: number): void {
    const { block, ts, subject } = look;
    if (this.#isStale.get(block)) return;
    this.#isStale.set(block, true);
    const usual = this.#arrivals.meanIntervalMs(block);
    const rhythm = usual > 0 ? ` (usually every ${lasting(usual)})` : "";
    report(look, {
      rule: "stale",
      state: "active",
      priority: this.#priority(),
      ts,
      value: silentMs / 1000,
      expected: this.staleAfterMs(block) / 1000,
      unit: "s",
      since: this.#silentSince(look),
      feature: "silence",
      message: `${nameOf(subject)} has given no good reading for ${lasting(silentMs)}${rhythm}`,
    });
  }

  /** Learns the rhythm anew; what is silent now stays so. */
  relearn(block: StateBlock): void {
    this.#arrivals.forget(block);
    this.#times.forget(block);
  }

  isActive(block: StateBlock, name: string): boolean {
    return this.#alarmOf(name).get(block);
  }

  setActive(block: StateBlock, name: string, active: boolean): void {
    this.#alarmOf(name).set(block, active);
  }

  #alarmOf(name: string): FlagField {
    return name === "stale" ? this.#isStale : this.#hasGap;
  }

  #priority(): "medium" | "low" {
    return this.#staleMs === undefined ? "low" : "medium";
  }

  #keep({ block, ts }: Look, seen: number): void {
    if (this.#lastTs.get(block) < weekOf(ts)) {
      this.#arrivals.turnWeek(block);
      this.#times.turnWeek(block);
    }
    this.#lastTs.set(block, ts);
    this.#lastSeen.set(block, seen);
  }

  #silentSince({ block, ts }: Look): number {
    const lastTs = this.#lastTs.get(block);
    return lastTs > 0 && lastTs <= ts ? lastTs : ts;
  }

  #learn(look: Look, arrivedMs: number, wasStale: boolean): void {
    const { block, ts } = look;
    // By the shorter patience: a small hole must not teach to wait for longer ones.
    if (arrivedMs > 0) this.#arrivals.learn(block, arrivedMs, GAP);
    const intervalMs = ts - this.#lastTs.get(block);
    if (intervalMs <= 0) return;
    const usualMs = this.#times.usualSilenceMs(block, GAP);
    const isHole = this.#times.learn(block, intervalMs, GAP);
    if (isHole && !wasStale) this.#beginGap(look, intervalMs, usualMs);
    else this.#calm.countUp(block);
  }

  #endStale(look: Look): void {
    const { block, ts, subject } = look;
    this.#isStale.set(block, false);
    const since = this.#silentSince(look);
    report(look, {
      rule: "stale",
      state: "cleared",
      priority: this.#priority(),
      ts,
      value: (ts - since) / 1000,
      // JSON has no infinity: where nothing is known of the rhythm any more, the hole stands in.
      expected: Math.min(this.staleAfterMs(block), Math.max(ts - since, 0)) / 1000,
      unit: "s",
      since,
      feature: "silence",
      message: `${nameOf(subject)} gives readings again, after ${lasting(ts - since)} without`,
    });
  }

  #beginGap(look: Look, intervalMs: number, usualMs: number): void {
    const { block, ts, subject } = look;
    const since = this.#lastTs.get(block);
    this.#calm.set(block, 0);
    if (this.#hasGap.get(block)) return;
    this.#hasGap.set(block, true);
    this.#gapSince.set(block, since);
    const message =
      `${nameOf(subject)} has no readings of ${lasting(intervalMs)}, ` +
      `from ${moment(since)} to ${moment(ts)}`;
    this.#tellGap(look, usualMs, message);
  }

  #settleGap(look: Look): void {
    const { block } = look;
    if (!this.#hasGap.get(block) || this.#calm.get(block) < CALM_READINGS) return;
    this.#hasGap.set(block, false);
    this.#tellGap(look, 0, `${nameOf(look.subject)} has its rhythm again`);
  }

  #tellGap(look: Look, usualMs: number, message: string): void {
    const { block, ts } = look;
    report(look, {
      rule: "gap",
      state: this.#hasGap.get(block) ? "active" : "cleared",
      priority: "low",
      ts,
      value: (ts - this.#lastTs.get(block)) / 1000,
      expected: usualMs / 1000,
      unit: "s",
      since: this.#gapSince.get(block, ts),
      feature: "gap",
      message,
    });
  }
}

/** When the week began that the time is in: on a Thursday (UTC). */
function weekOf(ts: number): number {
  return WEEK_MS * Math.floor(ts / WEEK_MS);
}

/** Never 0, which stands for none. */
function arrivalOf(seenMs: number): number {
  return Math.floor(seenMs) % ARRIVAL_SPAN_MS || 1;
}
