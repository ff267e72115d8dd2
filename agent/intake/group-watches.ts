/**
 * Devices of which several tags are watched together (`detect.group`). A row is made of the newest
 * values of all tags whenever one of them has given a newer one.
 */

import type { Finding } from "#agent/detect/finding.ts";
import { GroupMonitor } from "#agent/detect/group-monitor.ts";
import type { Doing, Gate } from "#agent/detect/series-monitor.ts";
import type { Series } from "#agent/sources/contract.ts";
import { GROUP_TAG } from "#core/own-names.ts";
import { hashText } from "#core/random.ts";
import type { LearntSeries } from "./contract.ts";
import { AbsentSeries } from "./learnt.ts";
import type { SeriesWatches, WatchOptions } from "./series-watch.ts";

interface GroupWatch {
  readonly device: string;
  readonly tags: readonly Series[];
  readonly monitor: GroupMonitor;
  readonly fingerprint: number;
  readonly values: Float64Array;
  newestTs: number;
  heardAt: number;
}

const NONE: readonly Finding[] = Object.freeze([]);

export class GroupWatches {
  readonly #options: WatchOptions;
  readonly #watches: SeriesWatches;
  /** By device; null for one without a group. */
  readonly #groups = new Map<string, GroupWatch | null>();
  readonly #absent = new AbsentSeries();

  constructor(options: WatchOptions, watches: SeriesWatches) {
    this.#options = options;
    this.#watches = watches;
  }

  /** To be called behind each batch of the device's readings. */
  judge(device: string, wallMs: number): readonly Finding[] {
    const known = this.#groups.get(device);
    if (known === null) return NONE;
    const group = known ?? this.#begin(device);
    return group ? this.#judgeRow(group, wallMs) : NONE;
  }

  /** What each group is doing, or that of one device. */
  doing(device?: string): { device: string; doing: Doing }[] {
    const groups = [...this.#groups.values()].filter((group) => group !== null);
    return groups
      .filter((group) => group.device === (device ?? group.device))
      .map((group) => ({ device: group.device, doing: group.monitor.doing(this.#gateOf(group)) }));
  }

  /** Undefined while not all of its tags have been heard of. */
  isWatched(device: string): boolean | undefined {
    if (this.#groups.get(device)) return true;
    return this.#options.profile(device).detect.group === undefined ? false : undefined;
  }

  relearn(device: string, ts: number): readonly Finding[] {
    return this.#groups.get(device)?.monitor.relearn(ts) ?? NONE;
  }

  /** Where the device's settings have changed, its group is watched anew. */
  reconsider(device: string): void {
    const group = this.#groups.get(device);
    if (group?.fingerprint !== this.#fingerprintOf(device)) this.#groups.delete(device);
  }

  remember(learnt: readonly LearntSeries[], nowMs: number): void {
    this.#absent.add(
      learnt.filter(({ tag }) => tag === GROUP_TAG),
      nowMs,
    );
  }

  learnt(): LearntSeries[] {
    const present = [...this.#groups.values()].flatMap((group) => {
      if (!group) return [];
      const { device, fingerprint, heardAt, monitor } = group;
      return [{ device, tag: GROUP_TAG, fingerprint, heardAt, state: monitor.bytes }];
    });
    return [...present, ...this.#absent.all()];
  }

  /** Undefined while not all of its tags have been heard of. */
  #begin(device: string): GroupWatch | undefined {
    const { profile, find, describe, isActive } = this.#options;
    const { detect } = profile(device);
    if (detect.group === undefined) {
      this.#groups.set(device, null);
      return undefined;
    }
    const tags = detect.group.flatMap((tag) => find(device, tag) ?? []);
    if (tags.length < detect.group.length) return undefined;
    const monitor = new GroupMonitor(tags.map(describe), detect.sensitivity ?? "medium");
    const fingerprint = this.#fingerprintOf(device);
    const heardAt = this.#absent.takeUp(device, GROUP_TAG, fingerprint, monitor);
    monitor.adopt(isActive(device, GROUP_TAG, "group"));
    const group = {
      device,
      tags,
      monitor,
      fingerprint,
      values: new Float64Array(tags.length),
      newestTs: Number.NEGATIVE_INFINITY,
      heardAt: heardAt ?? Number.NEGATIVE_INFINITY,
    };
    this.#groups.set(device, group);
    return group;
  }

  #fingerprintOf(device: string): number {
    const { detect, tags } = this.#options.profile(device);
    return hashText(JSON.stringify([detect, tags]));
  }

  /** That of its tags: they are of one machine. */
  #gateOf({ tags: [first] }: GroupWatch): Gate {
    return first ? this.#watches.gateOf(this.#watches.of(first)) : "open";
  }

  #judgeRow(group: GroupWatch, wallMs: number): readonly Finding[] {
    const { latest } = this.#options;
    let newestTs = group.newestTs;
    for (const [place, { index }] of group.tags.entries()) {
      const value = latest.value(index);
      const isSound = typeof value === "number" && latest.quality(index) !== "bad";
      group.values[place] = isSound ? value : Number.NaN;
      newestTs = Math.max(newestTs, latest.ts(index));
    }
    if (newestTs === group.newestTs) return NONE;
    group.newestTs = newestTs;
    group.heardAt = wallMs;
    return group.monitor.judge(newestTs, group.values, this.#gateOf(group));
  }
}
