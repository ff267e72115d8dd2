/**
 * What the detectors know of the series, as it goes to the disk and comes back. Pure: a series takes
 * up what was known of it with its first reading; one that has not come back yet is kept for later.
 */
import type { SeriesMonitor } from "#agent/detect/series-monitor.ts";
import { hashText } from "#core/random.ts";
import type { LearntSeries } from "./contract.ts";
import { type DeviceProfile, ownEntry } from "./series-settings.ts";

/** Changes where the numbers of a block change their meaning, so that old ones are not taken for new. */
const RULES_VERSION = 2;
/** Who has not come back for so long is forgotten. */
const ABSENT_MS_MAX = 30 * 86_400_000;
/** Who spoke so shortly before the end of the last run is expected in this one. */
const EXPECTED_MS_MAX = 86_400_000;

/** Whoever changes the settings of a tag, or how it is read, changes what its values mean. */
export function fingerprintOf(profile: DeviceProfile, tag: string): number {
  return fingerprintBy(RULES_VERSION, profile, tag);
}

/** Of the same settings, but learnt by a version of the agent that kept other numbers. */
export function isOutdated(learnt: LearntSeries, profile: DeviceProfile): boolean {
  for (let version = 1; version < RULES_VERSION; version++) {
    if (learnt.fingerprint === fingerprintBy(version, profile, learnt.tag)) return true;
  }
  return false;
}

function fingerprintBy(version: number, { detect, tags }: DeviceProfile, tag: string): number {
  return hashText(JSON.stringify([version, detect, ownEntry(tags, tag)]));
}

export class AbsentSeries {
  readonly #series = new Map<string, LearntSeries>();

  /** @param nowMs milliseconds since 1970 */
  add(learnt: Iterable<LearntSeries>, nowMs: number): void {
    for (const series of learnt) {
      if (nowMs - series.heardAt > ABSENT_MS_MAX) continue;
      this.#series.set(keyOf(series.device, series.tag), series);
    }
  }

  /** @param nowMs milliseconds since 1970 */
  expected(nowMs: number): LearntSeries[] {
    const series = [...this.#series.values()];
    return series.filter(({ heardAt }) => Math.abs(nowMs - heardAt) < EXPECTED_MS_MAX);
  }

  all(): Iterable<LearntSeries> {
    return this.#series.values();
  }

  /**
   * Gives the monitor what was known of the series, where its settings are the same.
   * @returns when its last reading came
   */
  takeUp(
    device: string,
    tag: string,
    fingerprint: number,
    monitor: Pick<SeriesMonitor, "resume">,
  ): number | undefined {
    const key = keyOf(device, tag);
    const learnt = this.#series.get(key);
    if (!learnt) return undefined;
    this.#series.delete(key);
    if (learnt.fingerprint === fingerprint) monitor.resume(learnt.state);
    return learnt.heardAt;
  }
}

function keyOf(device: string, tag: string): string {
  return JSON.stringify([device, tag]);
}
