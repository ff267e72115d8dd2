/**
 * What a person may ask of the detectors, and tell them: what they are doing, that a value is usual,
 * that a machine is another one now. What they had said, and is wrong by that, ends.
 */

import type { Finding } from "#agent/detect/finding.ts";
import type { Doing } from "#agent/detect/series-monitor.ts";
import type { Series } from "#agent/sources/contract.ts";
import type { AlarmTransition } from "#core/alarm.ts";
import type { Clock } from "#core/clock.ts";
import { GROUP_TAG } from "#core/own-names.ts";
import type { DetectorMemory, LearntSeries } from "./contract.ts";
import type { GroupWatches } from "./group-watches.ts";
import { named } from "./judge.ts";
import type { LatestValues } from "./latest-values.ts";
import type { SeriesRegistry } from "./series-registry.ts";
import type { SeriesWatches, Watch } from "./series-watch.ts";

export interface DetectorRow {
  readonly device: string;
  readonly tag: string;
  readonly state: Doing["state"];
  /** Values learnt from, of those that are needed, while it is learning. */
  readonly seen?: number;
  readonly of?: number;
  /** How long after a reading it is silent for too long; left out while that is not known. */
  readonly staleAfterMs?: number;
}

interface DetectorDeskOptions {
  registry: SeriesRegistry;
  latest: LatestValues;
  watches: SeriesWatches;
  groups: GroupWatches;
  clock: Clock;
  raise: (transition: AlarmTransition) => void;
  /** A series should speak from now on. */
  expect: (device: string, tag: string, monotonicMs: number) => void;
}

export class DetectorDesk implements DetectorMemory {
  readonly #options: DetectorDeskOptions;

  constructor(options: DetectorDeskOptions) {
    this.#options = options;
  }

  /** The series that have given a number, of a device and tag or of all. */
  rows(device?: string, tag?: string): DetectorRow[] {
    const series = this.#watched(device, tag).map((watch) => this.#rowOf(watch));
    if (tag !== undefined && tag !== GROUP_TAG) return series;
    const groups = this.#options.groups.doing(device);
    return series.concat(
      groups.map((group) => Object.assign({ device: group.device, tag: GROUP_TAG }, group.doing)),
    );
  }

  /** How many series are in each state. */
  counts(): Record<Doing["state"], number> {
    const counts = { off: 0, learning: 0, watching: 0, standing: 0, maintained: 0 };
    for (const watch of this.#watched()) {
      counts[watch.monitor.doing(this.#options.watches.gateOf(watch)).state] += 1;
    }
    return counts;
  }

  learnt(): readonly LearntSeries[] {
    const { watches, groups } = this.#options;
    return [...watches.learnt(), ...groups.learnt()];
  }

  /** A series that does not come back behind a restart is silent, too. */
  remember(learnt: readonly LearntSeries[], nowMs: number): number {
    const { watches, groups, registry, clock, expect } = this.#options;
    groups.remember(learnt, nowMs);
    const monotonicMs = clock.monotonic();
    for (const { device, tag } of watches.remember(learnt, nowMs)) {
      if (registry.size >= registry.sizeMax) break;
      expect(device, tag, monotonicMs);
    }
    return watches.outdated(learnt);
  }

  /** Forgets what was learnt of a tag, or of a device; gives how many series that were. */
  relearn(device: string, tag?: string): number {
    const watched = this.#watched(device, tag);
    const ts = this.#options.clock.now();
    if (tag === undefined) {
      this.#tell({ device, tag: GROUP_TAG }, this.#options.groups.relearn(device, ts));
    }
    for (const { series, monitor } of watched) {
      this.#tell(series, monitor.relearn(ts, this.#valueOf(series) ?? 0));
    }
    return watched.length;
  }

  /**
   * Takes a value for usual; left out, the one that raised the last alarm, or else the newest one.
   * @returns that value; undefined where the series has given no number
   */
  accept(device: string, tag: string, value?: number): number | undefined {
    const [watch] = this.#watched(device, tag);
    if (!watch) return undefined;
    const usual = value ?? watch.monitor.lastUnusual ?? this.#valueOf(watch.series);
    if (usual === undefined) return undefined;
    this.#tell(watch.series, watch.monitor.accept(this.#options.clock.now(), usual));
    return usual;
  }

  #rowOf(watch: Watch): DetectorRow {
    const { series, monitor } = watch;
    const { staleAfterMs } = monitor;
    return {
      device: series.device,
      tag: series.tag,
      ...monitor.doing(this.#options.watches.gateOf(watch)),
      ...(Number.isFinite(staleAfterMs) && { staleAfterMs: Math.round(staleAfterMs) }),
    };
  }

  #watched(device?: string, tag?: string): Watch[] {
    const { registry, watches } = this.#options;
    const found: Watch[] = [];
    for (let index = 0; index < registry.size; index++) {
      const watch = watches.at(index);
      if (!watch) continue;
      const { series } = watch;
      const isMeant = series.device === (device ?? series.device);
      if (isMeant && series.tag === (tag ?? series.tag)) found.push(watch);
    }
    return found;
  }

  #valueOf({ index }: Series): number | undefined {
    const value = this.#options.latest.value(index);
    return typeof value === "number" && Number.isFinite(value) ? value : undefined;
  }

  #tell(series: Pick<Series, "device" | "tag">, findings: readonly Finding[]): void {
    for (const finding of findings) this.#options.raise(named(finding, series, 0));
  }
}
