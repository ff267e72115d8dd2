/**
 * The tags of a device that are read at one interval, and the requests that it takes. All groups of
 * a device share what is known of it: a register that one of them found refused is refused for all.
 */
import { type Block, type PlanLimits, planBlocks } from "./planner.ts";
import type { Point } from "./point.ts";
import { type PolledTag, pointsOf } from "./polled-tag.ts";
import type { Refusals } from "./refusals.ts";

export class PollGroup {
  readonly intervalMs: number;
  readonly tags: readonly PolledTag[];
  readonly points: readonly Point[];
  readonly #limits: PlanLimits;
  #plan: readonly Block[] = [];
  #plannedVersion = -1;

  constructor(intervalMs: number, tags: readonly PolledTag[], limits: PlanLimits) {
    this.intervalMs = intervalMs;
    this.tags = tags;
    this.points = pointsOf(tags);
    this.#limits = limits;
  }

  /** Made anew when the device has refused more, or less, than before. */
  plan(refusals: Refusals): readonly Block[] {
    if (this.#plannedVersion !== refusals.version) {
      const points = this.points.filter((point) => !refusals.codeOf(point));
      this.#plan = planBlocks(points, refusals.narrow(this.#limits), refusals.spans());
      this.#plannedVersion = refusals.version;
    }
    return this.#plan;
  }
}

/** Divides tags by their intervals, the most frequent first; tags without one have the device's. */
export function groupByInterval(
  tags: readonly PolledTag[],
  deviceIntervalMs: number,
  limits: PlanLimits,
): PollGroup[] {
  const byInterval = Map.groupBy(tags, (tag) => tag.intervalMs ?? deviceIntervalMs);
  const groups = [...byInterval].map(
    ([intervalMs, members]) => new PollGroup(intervalMs, members, limits),
  );
  if (groups.length === 0) groups.push(new PollGroup(deviceIntervalMs, [], limits));
  return groups.toSorted((a, b) => a.intervalMs - b.intervalMs);
}
