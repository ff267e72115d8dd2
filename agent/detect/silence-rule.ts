/**
 * Tells a series that has fallen silent (`stale`), and one whose readings came back behind a hole that
 * nobody was told of (`gap`). Staleness is measured by when readings arrive, on a scale that does not
 * step; a hole is measured by the readings' own times. How long a silence may be is set, or learnt
 * from the series' own rhythm. Pure: it is told the time.
 */

import { learnInterval, meanIntervalMs, RHYTHM_SIZE, usualSilenceMs } from "./rhythm.ts";
import { type Look, report } from "./rule.ts";
import { StateCursor } from "./state-cursor.ts";
import type { StateBlock, StateLayout } from "./state-slabs.ts";
import { lasting, moment, nameOf } from "./wording.ts";

/** Whoever is silent may speak yet; whoever left a hole has left it. */
const STALE = { means: 10, longests: 3, leastMs: 30_000 };
const GAP = { means: 5, longests: 2, leastMs: 10_000 };
/** Readings in rhythm behind a hole, after which it is over. */
const CALM_READINGS = 16;

/** Time of the newest reading, and when it arrived; 0 for none in this run of the program. */
const LAST_TS = 0;
const LAST_SEEN_MS = 1;
const IS_STALE = 2;
const HAS_GAP = 3;
const GAP_SINCE = 4;
const CALM = 5;
const ARRIVALS = 6;
const TIMES = ARRIVALS + RHYTHM_SIZE;
const DOUBLES = TIMES + RHYTHM_SIZE;

export class SilenceRule {
  readonly names = ["stale", "gap"];
  readonly #staleMs: number | undefined;
  readonly #state: StateCursor;

  /** @param staleMs the silence that is too long; left out, it is learnt */
  constructor(layout: StateLayout, staleMs: number | undefined) {
    this.#staleMs = staleMs;
    this.#state = new StateCursor(layout, DOUBLES);
  }

  /** The program was not running: its own silence is not the series'. */
  resume(block: StateBlock): void {
    this.#state.on(block);
    this.#state.set(LAST_SEEN_MS, 0);
  }

  /** How long after a reading it is stale; infinite while that is not known. */
  staleAfterMs(block: StateBlock): number {
    this.#state.on(block);
    return this.#staleAfterMs();
  }

  /** @param seenMs when it arrived; more than 0, and never less than before */
  hear(look: Look, seenMs: number): void {
    const state = this.#state;
    state.on(look.block);
    const lastSeenMs = state.get(LAST_SEEN_MS);
    const wasStale = state.get(IS_STALE) === 1;
    if (wasStale) this.#endStale(look);
    if (lastSeenMs > 0) this.#learn(look, seenMs - lastSeenMs, wasStale);
    this.#settleGap(look);
    this.#keep(look, seenMs);
  }

  /** The machine stands: what comes is noted, and teaches nothing. */
  rest(look: Look, seenMs: number, why: string): void {
    const state = this.#state;
    state.on(look.block);
    if (state.get(IS_STALE) === 1) this.#endStale(look);
    if (state.get(HAS_GAP) === 1) {
      state.set(HAS_GAP, 0);
      this.#tellGap(look, 0, `${nameOf(look.subject)} ${why}`);
    }
    this.#keep(look, seenMs);
  }

  /**
   * Nothing has come for so long: to be called when that is longer than `staleAfterMs`.
   * @param look with the wall's time as its own
   */
  silent(look: Look, silentMs: number): void {
    const state = this.#state;
    state.on(look.block);
    if (state.get(IS_STALE) === 1) return;
    state.set(IS_STALE, 1);
    const { ts, subject } = look;
    const usual = meanIntervalMs(state, ARRIVALS);
    const rhythm = usual > 0 ? ` (usually every ${lasting(usual)})` : "";
    report(look, {
      rule: "stale",
      state: "active",
      priority: this.#priority(),
      ts,
      value: silentMs / 1000,
      expected: this.#staleAfterMs() / 1000,
      unit: "s",
      since: this.#lastTs(ts),
      feature: "silence",
      message: `${nameOf(subject)} has given no good reading for ${lasting(silentMs)}${rhythm}`,
    });
  }

  /** Learns the rhythm anew; what is silent now stays so. */
  relearn(block: StateBlock): void {
    this.#state.on(block);
    for (let place = ARRIVALS; place < DOUBLES; place++) this.#state.set(place, 0);
  }

  isActive(block: StateBlock, name: string): boolean {
    this.#state.on(block);
    return this.#state.get(name === "stale" ? IS_STALE : HAS_GAP) === 1;
  }

  setActive(block: StateBlock, name: string, active: boolean): void {
    this.#state.on(block);
    this.#state.set(name === "stale" ? IS_STALE : HAS_GAP, active ? 1 : 0);
  }

  #staleAfterMs(): number {
    return this.#staleMs ?? usualSilenceMs(this.#state, ARRIVALS, STALE);
  }

  #priority(): "medium" | "low" {
    return this.#staleMs === undefined ? "low" : "medium";
  }

  #keep({ ts }: Look, seenMs: number): void {
    this.#state.set(LAST_TS, ts);
    this.#state.set(LAST_SEEN_MS, seenMs);
  }

  #lastTs(ts: number): number {
    const lastTs = this.#state.get(LAST_TS);
    return lastTs > 0 && lastTs <= ts ? lastTs : ts;
  }

  #learn(look: Look, arrivedMs: number, wasStale: boolean): void {
    const state = this.#state;
    const { ts } = look;
    if (arrivedMs > 0) {
      // By the shorter patience: a small hole must not teach to wait for longer ones.
      learnInterval(state, ARRIVALS, arrivedMs, GAP, ts);
    }
    const intervalMs = ts - state.get(LAST_TS);
    if (intervalMs <= 0) return;
    const usualMs = usualSilenceMs(state, TIMES, GAP);
    const isHole = learnInterval(state, TIMES, intervalMs, GAP, ts);
    if (isHole && !wasStale) this.#beginGap(look, intervalMs, usualMs);
    else state.set(CALM, state.get(CALM) + 1);
  }

  #endStale(look: Look): void {
    const state = this.#state;
    state.set(IS_STALE, 0);
    const { ts, subject } = look;
    const since = this.#lastTs(ts);
    report(look, {
      rule: "stale",
      state: "cleared",
      priority: this.#priority(),
      ts,
      value: (ts - since) / 1000,
      // JSON has no infinity: where nothing is known of the rhythm any more, the hole stands in.
      expected: Math.min(this.#staleAfterMs(), Math.max(ts - since, 0)) / 1000,
      unit: "s",
      since,
      feature: "silence",
      message: `${nameOf(subject)} gives readings again, after ${lasting(ts - since)} without`,
    });
  }

  #beginGap(look: Look, intervalMs: number, usualMs: number): void {
    const state = this.#state;
    const { ts, subject } = look;
    const since = state.get(LAST_TS);
    state.set(CALM, 0);
    if (state.get(HAS_GAP) === 1) return;
    state.set(HAS_GAP, 1);
    state.set(GAP_SINCE, since);
    const message =
      `${nameOf(subject)} has no readings of ${lasting(intervalMs)}, ` +
      `from ${moment(since)} to ${moment(ts)}`;
    this.#tellGap(look, usualMs, message);
  }

  #settleGap(look: Look): void {
    const state = this.#state;
    if (state.get(HAS_GAP) === 0 || state.get(CALM) < CALM_READINGS) return;
    state.set(HAS_GAP, 0);
    this.#tellGap(look, 0, `${nameOf(look.subject)} has its rhythm again`);
  }

  #tellGap(look: Look, usualMs: number, message: string): void {
    const state = this.#state;
    const { ts } = look;
    report(look, {
      rule: "gap",
      state: state.get(HAS_GAP) === 1 ? "active" : "cleared",
      priority: "low",
      ts,
      value: (ts - state.get(LAST_TS)) / 1000,
      expected: usualMs / 1000,
      unit: "s",
      since: state.get(GAP_SINCE),
      feature: "gap",
      message,
    });
  }
}
