/** Alarms that the store raises by itself. Each has an id by its cause, so that it is raised once. */
import type { ChunkId } from "#core/chunk.ts";
import { type AlarmRow, sinkAlarm } from "./contract.ts";
import type { LaneKey } from "./lane-state.ts";

export function copyDiffers(id: ChunkId, nowMs: number): AlarmRow {
  const name = `${id.epoch} lane ${id.lane}`;
  const message =
    `${id.gateway} sent other data under a used identity (epoch ${name}, seq ${id.seq}): ` +
    "a restored or copied buffer? The first data stand, the other lie in the dead letters.";
  return sinkAlarm(id.gateway, "copy-differs", name, nowMs, message);
}

export function twoEpochs(lane: LaneKey, newer: string, nowMs: number): AlarmRow {
  const message =
    `two agents send as ${lane.gateway} (epochs ${lane.epoch} and ${newer}): ` +
    "both count. Give one of them another name, or remove the copied buffer.";
  return sinkAlarm(lane.gateway, "two-epochs", `${lane.epoch} ${newer}`, nowMs, message);
}
