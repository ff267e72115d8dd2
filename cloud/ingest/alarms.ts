/** Alarms that the ingest raises by itself. Each has an id by its cause, so that it is raised once. */
import { type AlarmRow, type SeqGap, sinkAlarm } from "../store/contract.ts";

export function lostChunks(gap: SeqGap, nowMs: number): AlarmRow {
  const name = `${gap.epoch} lane ${gap.lane} seq ${gap.fromSeq}-${gap.toSeq}`;
  const message =
    `${gap.gateway}: ${gap.toSeq - gap.fromSeq + 1} chunks never came (epoch ${name}), ` +
    "and no gap record explains them.";
  return sinkAlarm(gap.gateway, "gap", name, nowMs, message);
}

export function sequenceJump(partition: string, from: number, to: number, nowMs: number): AlarmRow {
  const message =
    `partition ${partition}: the hub went from event ${from} to ${to}, also when read again: ` +
    "its retention has expired what lies between.";
  return sinkAlarm("(hub)", "sequence-jump", `${partition} ${from}-${to} ${nowMs}`, nowMs, message);
}
