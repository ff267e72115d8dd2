/**
 * Runs the detectors over a batch, before it is stored. Good and uncertain finite numbers are
 * judged; a reading older than its series' newest, or one that its source calls historical, is
 * stored but not judged, and counted.
 */

import type { Finding } from "#agent/detect/finding.ts";
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { isBootTime } from "#core/boot-time.ts";
import { GROUP_TAG } from "#core/own-names.ts";
import { DueHeap } from "./due-heap.ts";
import { GroupWatches } from "./group-watches.ts";
import { SeriesWatches, type Watch, type WatchOptions } from "./series-watch.ts";

/**
 * A newest time further ahead of the clock than this is a device's mistake: it must not keep the
 * readings that follow from being judged.
 */
const AHEAD_MS_MAX = 5 * 60_000;
/** A series that may be silent now is looked at again after this. */
const LOOK_AGAIN_MS = 60_000;

interface JudgeOptions extends WatchOptions {
  /** Of a reading's time, which may be on the scale of the boot. */
  wallOf: (ts: number) => number;
}

/** The time, on both scales. */
export interface Now {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Does not step; greater than 0. */
  readonly monotonicMs: number;
}

/** With the reading's own time: the alarm's is wall time, as far as it is known. */
type OnTransition = (found: AlarmTransition, readingTs: number) => void;

export class Judge {
  readonly watches: SeriesWatches;
  readonly groups: GroupWatches;
  readonly #options: JudgeOptions;
  /** How many earlier readings of the series have the time of its newest. */
  readonly #repeats: number[] = [];
  readonly #due = new DueHeap<Watch>();
  #old = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.watches = new SeriesWatches(options);
    this.groups = new GroupWatches(options, this.watches);
  }

  /** Readings that were not judged because they are of the past. */
  get old(): number {
    return this.#old;
  }

  /** Calls `onTransition` for each alarm that begins or ends with a reading of the batch. */
  judge(batch: ReadingBatch, now: Now, onTransition: OnTransition): void {
    const { latest, wallOf } = this.#options;
    const { series, ts, values, qualities, reasons } = batch;
    for (let i = 0; i < series.length; i++) {
      const subject = series[i];
      const own = ts[i];
      const value = values[i];
      const quality = qualities[i];
      if (!subject || own === undefined || value === undefined || !quality) continue;
      const time = isBootTime(own) ? wallOf(own) : own;
      const newest = latest.ts(subject.index);
      if ((time < newest && newest <= now.wallMs + AHEAD_MS_MAX) || batch.isHistorical(i)) {
        this.#old += 1;
        continue;
      }
      const repeat = time === newest ? (this.#repeats[subject.index] ?? 0) + 1 : 0;
      this.#repeats[subject.index] = repeat;
      latest.set(subject.index, time, value, quality, reasons[i]);
      if (quality === "bad" || value === null) continue;
      for (const found of this.#findings(subject, time, value, now)) {
        onTransition(named(found, subject, repeat), own);
      }
    }
    this.#judgeGroups(batch, now, onTransition);
  }

  /** Calls `onTransition` for each series that has been silent for too long. O(those in question). */
  tick({ wallMs, monotonicMs }: Now, onTransition: (found: AlarmTransition) => void): void {
    for (;;) {
      const watch = this.#due.take(monotonicMs);
      if (!watch) return;
      // Its settings have changed meanwhile: another watch is timed with its next reading.
      if (this.watches.at(watch.series.index) !== watch) continue;
      const silentMs = monotonicMs - watch.seenMs;
      const { staleAfterMs } = watch.monitor;
      if (silentMs < staleAfterMs) {
        this.#lookAgain(watch, watch.seenMs + staleAfterMs);
      } else if (this.watches.gateOf(watch) !== "open") {
        this.#lookAgain(watch, monotonicMs + LOOK_AGAIN_MS);
      } else {
        watch.isTimed = false;
        for (const found of watch.monitor.silent(wallMs, silentMs)) {
          onTransition(named(found, watch.series, 0));
        }
      }
    }
  }

  /** A series that spoke until the program ended is timed from now on, as if it had just spoken. */
  expect(series: Series, monotonicMs: number): void {
    this.#time(this.watches.of(series), monotonicMs);
  }

  /** Mostly a batch is of one device; another one that comes twice has no newer row then. */
  #judgeGroups({ series, ts }: ReadingBatch, { wallMs }: Now, onTransition: OnTransition): void {
    let last: string | undefined;
    for (const { device } of series) {
      if (device === last) continue;
      last = device;
      for (const found of this.groups.judge(device, wallMs)) {
        onTransition(named(found, { device, tag: GROUP_TAG }, 0), ts.at(-1) ?? found.ts);
      }
    }
  }

  #findings(
    series: Series,
    time: number,
    value: number | boolean | string,
    { wallMs, monotonicMs }: Now,
  ): readonly Finding[] {
    const { watches } = this;
    if (typeof value !== "number") {
      const watch = watches.at(series.index);
      if (!watch && !watches.minds(series)) return NONE;
      return this.#heard(watch ?? watches.of(series), time, { wallMs, monotonicMs });
    }
    if (!Number.isFinite(value)) return NONE;
    const watch = watches.of(series);
    const findings = watch.monitor.judge(time, value, watches.gateOf(watch), monotonicMs);
    watch.heardAt = wallMs;
    this.#time(watch, monotonicMs);
    return findings;
  }

  #heard(watch: Watch, time: number, { wallMs, monotonicMs }: Now): readonly Finding[] {
    const findings = watch.monitor.hear(time, this.watches.gateOf(watch), monotonicMs);
    watch.heardAt = wallMs;
    this.#time(watch, monotonicMs);
    return findings;
  }

  #time(watch: Watch, monotonicMs: number): void {
    watch.seenMs = monotonicMs;
    if (!watch.isTimed) this.#lookAgain(watch, monotonicMs + watch.monitor.staleAfterMs);
  }

  #lookAgain(watch: Watch, atMs: number): void {
    watch.isTimed = Number.isFinite(atMs);
    if (watch.isTimed) this.#due.add(watch, atMs);
  }
}

const NONE: readonly Finding[] = Object.freeze([]);

/**
 * The identity follows from the reading: a device that repeats a message after a crash of ours
 * leads to the same transition, not to a second one. That of a silence follows from the reading
 * before it.
 */
export function named(
  found: Finding,
  series: Pick<Series, "device" | "tag">,
  repeat: number,
): AlarmTransition {
  const { device, tag } = series;
  const { rule, state, ts, since = ts } = found;
  const from = rule === "stale" && state === "active" ? since : ts;
  const place = repeat === 0 ? `${from}` : `${from}+${repeat}`;
  return { ...found, id: `${device}/${tag}/${rule}/${state}/${place}`, device, tag };
}
