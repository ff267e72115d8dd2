/** What the lanes as a whole say: holes that nothing explains, and how far each gateway has come. */
import { gatewayWatermark } from "../rollup/watermark.ts";
import type { SeqGap, StoreState } from "./contract.ts";
import type { LaneState } from "./lane-state.ts";

/** A lane without an event for so long does not hold its gateway's watermark. */
export const IDLE_LANE_MS = 60_000;

type SeqSets = Pick<LaneState, "gateway" | "epoch" | "lane" | "accepted" | "closed">;

export function gapsOf(lanes: Iterable<SeqSets>): SeqGap[] {
  const gaps: SeqGap[] = [];
  for (const lane of lanes) addGaps(gaps, lane);
  return gaps;
}

function addGaps(gaps: SeqGap[], lane: SeqSets): void {
  const { gateway, epoch, lane: number } = lane;
  for (const [from, to] of lane.accepted.holes()) {
    for (const [fromSeq, toSeq] of lane.closed.missing(from, to)) {
      gaps.push({ gateway, epoch, lane: number, fromSeq, toSeq });
    }
  }
}

export function watermarksOf(lanes: Iterable<LaneState>, nowMs: number): StoreState["watermarks"] {
  const byGateway = new Map<string, LaneState[]>();
  for (const lane of lanes) {
    const known = byGateway.get(lane.gateway);
    if (known) known.push(lane);
    else byGateway.set(lane.gateway, [lane]);
  }
  return [...byGateway].flatMap(([gateway, ofGateway]) => {
    const watermarkMs = gatewayWatermark(ofGateway, nowMs, IDLE_LANE_MS);
    return watermarkMs === undefined ? [] : [{ gateway, watermarkMs }];
  });
}
