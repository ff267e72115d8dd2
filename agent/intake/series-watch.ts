/** What is known of the series under watch: its monitor, and whether its machine runs. */

import { MonitorFactory } from "#agent/detect/monitor-factory.ts";
import type { Doing, Gate, SeriesMonitor } from "#agent/detect/series-monitor.ts";
import type { Series } from "#agent/sources/contract.ts";
import type { SeriesDescription } from "#core/chunk.ts";
import { GROUP_TAG } from "#core/own-names.ts";
import type { LearntSeries } from "./contract.ts";
import type { LatestValues } from "./latest-values.ts";
import { AbsentSeries, fingerprintOf, isOutdated } from "./learnt.ts";
import { type DeviceProfile, ownEntry, type TagProfile } from "./series-settings.ts";

export interface WatchOptions {
  profile: (device: string) => DeviceProfile;
  latest: LatestValues;
  /** The living description: its unit may come later. */
  describe: (series: Series) => SeriesDescription;
  /** Undefined while the series has not been made. */
  find: (device: string, tag: string) => Series | undefined;
  /** Whether that alarm of the series is active, as those see it who keep alarms over a restart. */
  isActive: (device: string, tag: string, rule: string) => boolean;
}

/** A series under watch, and the one that says whether its machine runs. */
export interface Watch {
  readonly series: Series;
  readonly monitor: SeriesMonitor;
  readonly fingerprint: number;
  /** When its last reading came, in milliseconds since 1970; −∞ before the first one. */
  heardAt: number;
  /** Name of the tag; undefined where the machine always counts as running. */
  readonly gateTag: string | undefined;
  gate: Series | undefined;
  isMaintained: boolean;
  /** When its newest reading arrived, on the scale that does not step. */
  seenMs: number;
  /** Somebody will look whether it has fallen silent. */
  isTimed: boolean;
}

const NO_TAG: TagProfile = {};

export class SeriesWatches {
  readonly #options: WatchOptions;
  readonly #factory = new MonitorFactory();
  /** By series index; made at the first number of the series. */
  readonly #watches: (Watch | undefined)[] = [];
  readonly #absent = new AbsentSeries();
  #isMaintained: (device: string) => boolean = () => false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  at(index: number): Watch | undefined {
    return this.#watches[index];
  }

  of(series: Series): Watch {
    return this.#watches[series.index] ?? this.#begin(series);
  }

  /** Of a series that has given no number yet: whether somebody minds its silence. */
  minds({ device, tag }: Series): boolean {
    const { tags, detect } = this.#options.profile(device);
    return typeof (ownEntry(tags, tag)?.stale ?? detect.stale) === "number";
  }

  /** Where its own settings have changed, it is watched anew from its next reading on. */
  reconsider(index: number): void {
    const watch = this.#watches[index];
    if (!watch) return;
    const { device, tag } = watch.series;
    if (watch.fingerprint !== this.#fingerprintOf(device, tag)) this.#watches[index] = undefined;
  }

  /** Which devices are being worked on: nothing is learnt of them, and nothing said but limits. */
  maintain(isMaintained: (device: string) => boolean): void {
    this.#isMaintained = isMaintained;
    for (const watch of this.#watches) {
      if (watch) watch.isMaintained = isMaintained(watch.series.device);
    }
  }

  gateOf(watch: Watch): Gate {
    if (watch.isMaintained) return "maintained";
    return watch.gateTag !== undefined && this.#isStanding(watch) ? "standing" : "open";
  }

  doing(index: number): Doing | undefined {
    const watch = this.#watches[index];
    return watch?.monitor.doing(this.gateOf(watch));
  }

  /** Gives those that should come back soon: they spoke until the end, and are still set up so. */
  remember(learnt: readonly LearntSeries[], nowMs: number): readonly LearntSeries[] {
    this.#absent.add(
      learnt.filter(({ tag }) => tag !== GROUP_TAG),
      nowMs,
    );
    return this.#absent
      .expected(nowMs)
      .filter(({ device, tag, fingerprint }) => fingerprint === this.#fingerprintOf(device, tag));
  }

  /** How many of them an earlier version has learnt, so that they are learnt anew. */
  outdated(learnt: readonly LearntSeries[]): number {
    const { profile } = this.#options;
    return learnt.filter((one) => isOutdated(one, profile(one.device))).length;
  }

  learnt(): LearntSeries[] {
    const present = this.#watches.flatMap((watch) => {
      if (!watch) return [];
      const { series, fingerprint, heardAt, monitor } = watch;
      const { device, tag } = series;
      return [{ device, tag, fingerprint, heardAt, state: monitor.bytes }];
    });
    return [...present, ...this.#absent.all()];
  }

  #fingerprintOf(device: string, tag: string): number {
    return fingerprintOf(this.#options.profile(device), tag);
  }

  /** What is not known to run counts as standing: a model learns nothing from doubtful values. */
  #isStanding(watch: Watch): boolean {
    const { latest, find } = this.#options;
    watch.gate ??= find(watch.series.device, watch.gateTag ?? "");
    if (!watch.gate || latest.quality(watch.gate.index) === "bad") return true;
    const state = latest.value(watch.gate.index);
    return state !== true && !(typeof state === "number" && state !== 0);
  }

  #begin(series: Series): Watch {
    const { device, tag, index } = series;
    const { describe, isActive } = this.#options;
    const profile = this.#options.profile(device);
    const { limits, stale, counter } = ownEntry(profile.tags, tag) ?? NO_TAG;
    const { detect } = profile;
    const subject = describe(series);
    const monitor = this.#factory.create({ subject, limits, stale, counter, detect });
    const fingerprint = this.#fingerprintOf(device, tag);
    const heardAt = this.#absent.takeUp(device, tag, fingerprint, monitor);
    monitor.adopt((rule) => isActive(device, tag, rule));
    const watch = {
      series,
      monitor,
      fingerprint,
      heardAt: heardAt ?? Number.NEGATIVE_INFINITY,
      gateTag: tag === detect.while ? undefined : detect.while,
      gate: undefined,
      isMaintained: this.#isMaintained(device),
      seenMs: 0,
      isTimed: false,
    };
    this.#watches[index] = watch;
    return watch;
  }
}
