/**
 * Runs the detectors over a batch, before it is stored. Good and uncertain finite numbers are
 * judged; a reading older than its series' newest, or one that its source calls historical, is
 * stored but not judged, and counted.
 */
import type { Finding } from "#agent/detect/finding.ts";
import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { SeriesMonitor } from "#agent/detect/series-monitor.ts";
import type { ReadingBatch, Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import { isBootTime } from "#core/boot-time.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import type { LatestValues } from "./latest-values.ts";
import type { DeviceProfile } from "./series-settings.ts";

/**
 * A newest time further ahead of the clock than this is a device's mistake: it must not keep the
 * readings that follow from being judged.
 */
const AHEAD_MS_MAX = 5 * 60_000;

interface JudgeOptions {
  profile: (device: string) => DeviceProfile;
  latest: LatestValues;
  /** The living description: its unit may come later. */
  describe: (series: Series) => SeriesDescription;
  /** Of a reading's time, which may be on the scale of the boot. */
  wallOf: (ts: number) => number;
  /** Undefined while the series has not been made. */
  find: (device: string, tag: string) => Series | undefined;
}

/** A series under watch, and the one that says whether its machine runs. */
interface Watch {
  monitor: SeriesMonitor;
  /** Name of the tag; undefined where the machine always counts as running. */
  gateTag: string | undefined;
  gate: Series | undefined;
}

export class Judge {
  readonly #options: JudgeOptions;
  readonly #factory = new MonitorFactory();
  /** By series index; made at the first number of the series. */
  readonly #watches: (Watch | undefined)[] = [];
  /** How many earlier readings of the series have the time of its newest. */
  readonly #repeats: number[] = [];
  #old = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Readings that were not judged because they are of the past. */
  get old(): number {
    return this.#old;
  }

  /**
   * Calls `onTransition` for each alarm that begins or ends with a reading of the batch, and with
   * the reading's own time: the alarm's is wall time, as far as it is known.
   */
  judge(
    batch: ReadingBatch,
    nowMs: number,
    onTransition: (found: AlarmTransition, readingTs: number) => void,
  ): void {
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
      if ((time < newest && newest <= nowMs + AHEAD_MS_MAX) || batch.isHistorical(i)) {
        this.#old += 1;
        continue;
      }
      const repeat = time === newest ? (this.#repeats[subject.index] ?? 0) + 1 : 0;
      this.#repeats[subject.index] = repeat;
      latest.set(subject.index, time, value, quality, reasons[i]);
      if (typeof value !== "number" || quality === "bad" || !Number.isFinite(value)) continue;
      const watch = this.#watches[subject.index] ?? this.#watch(subject);
      const isStanding = watch.gateTag !== undefined && this.#isStanding(watch, subject);
      for (const found of watch.monitor.judge(time, value, isStanding)) {
        onTransition(named(found, subject, repeat), own);
      }
    }
  }

  /** Its settings have changed: it is watched anew from its next reading on. */
  forget(index: number): void {
    this.#watches[index] = undefined;
  }

  /** What is not known to run counts as standing: a model learns nothing from doubtful values. */
  #isStanding(watch: Watch, { device }: Series): boolean {
    const { latest, find } = this.#options;
    watch.gate ??= find(device, watch.gateTag ?? "");
    if (!watch.gate || latest.quality(watch.gate.index) === "bad") return true;
    const state = latest.value(watch.gate.index);
    return state !== true && !(typeof state === "number" && state !== 0);
  }

  #watch(series: Series): Watch {
    const { describe } = this.#options;
    const profile = this.#options.profile(series.device);
    const monitor = this.#factory.create({
      subject: describe(series),
      limits: ownEntry(profile.tags, series.tag)?.limits,
      detect: profile.detect,
    });
    const { while: gateTag } = profile.detect;
    const watch = {
      monitor,
      gateTag: series.tag === gateTag ? undefined : gateTag,
      gate: undefined,
    };
    this.#watches[series.index] = watch;
    return watch;
  }
}

/**
 * The identity follows from the reading: a device that repeats a message after a crash of ours
 * leads to the same transition, not to a second one.
 */
function named(found: Finding, series: Series, repeat: number): AlarmTransition {
  const { device, tag } = series;
  const place = repeat === 0 ? `${found.ts}` : `${found.ts}+${repeat}`;
  return { ...found, id: `${device}/${tag}/${found.rule}/${found.state}/${place}`, device, tag };
}

/** Names come from outside: `constructor` must not find what every object has. */
export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
