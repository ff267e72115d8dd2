/** Alarms that the sink raises by itself. Each has an id by its cause, so that it is raised once. */
import type { ChunkId } from "#core/chunk.ts";
import type { AlarmRow, SeqGap } from "./contract.ts";
import type { LaneKey } from "./lane-state.ts";

function ownAlarm(
  gateway: string,
  rule: string,
  id: string,
  nowMs: number,
  message: string,
): AlarmRow {
  return {
    gateway,
    id: `${rule} ${id}`,
    device: "(gateway)",
    tag: "(stream)",
    rule,
    state: "active",
    priority: "high",
    ts: nowMs,
    value: 0,
    expected: 0,
    message,
    receivedAtMs: nowMs,
  };
}

export function copyDiffers(id: ChunkId, nowMs: number): AlarmRow {
  const name = `${id.epoch} lane ${id.lane}`;
  const message =
    `${id.gateway} sent other data under a used identity (epoch ${name}, seq ${id.seq}): ` +
    "a restored or copied buffer? The first data stand, the other lie in the dead letters.";
  return ownAlarm(id.gateway, "copy-differs", name, nowMs, message);
}

export function twoEpochs(lane: LaneKey, newer: string, nowMs: number): AlarmRow {
  const message =
    `two agents send as ${lane.gateway} (epochs ${lane.epoch} and ${newer}): ` +
    "both count. Give one of them another name, or remove the copied buffer.";
  return ownAlarm(lane.gateway, "two-epochs", `${lane.epoch} ${newer}`, nowMs, message);
}

export function lostChunks(gap: SeqGap, nowMs: number): AlarmRow {
  const name = `${gap.epoch} lane ${gap.lane} seq ${gap.fromSeq}-${gap.toSeq}`;
  const message =
    `${gap.gateway}: ${gap.toSeq - gap.fromSeq + 1} chunks never came (epoch ${name}), ` +
    "and no gap record explains them.";
  return ownAlarm(gap.gateway, "gap", name, nowMs, message);
}

export function sequenceJump(partition: string, from: number, to: number, nowMs: number): AlarmRow {
  const message =
    `partition ${partition}: the hub went from event ${from} to ${to}, also when read again: ` +
    "its retention has expired what lies between.";
  return ownAlarm("(hub)", "sequence-jump", `${partition} ${from}-${to} ${nowMs}`, nowMs, message);
}
