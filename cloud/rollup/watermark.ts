/**
 * How far a lane's event time has come. A watermark decides when a window is called final, never
 * what its values are.
 */

/**
 * A clock this far ahead of the hub's is wrong: its readings are kept, but move no watermark. The
 * hub's enqueued time is the measure, not the wall clock, so that a replay decides alike.
 */
const AHEAD_MS_MAX = 5 * 60_000;

/** The lane's watermark after a reading of time `ts` in an event that the hub took at `enqueuedAtMs`. */
export function advance(watermark: number, ts: number, enqueuedAtMs: number): number {
  return ts > watermark && ts <= enqueuedAtMs + AHEAD_MS_MAX ? ts : watermark;
}

export interface LaneMark {
  watermark: number;
  /** Hub's time of the lane's newest event. */
  seenAtMs: number;
}

/** The gateway's watermark: the least of its lanes that are not idle; undefined when all are. */
export function gatewayWatermark(
  lanes: Iterable<LaneMark>,
  nowMs: number,
  idleAfterMs: number,
): number | undefined {
  let least: number | undefined;
  for (const lane of lanes) {
    if (nowMs - lane.seenAtMs > idleAfterMs) continue;
    if (least === undefined || lane.watermark < least) least = lane.watermark;
  }
  return least;
}
