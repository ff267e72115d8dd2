/** Figures of the buffer for people. Pure. */
import type { BufferStat } from "#agent/buffer/contract.ts";
import { sizeText } from "../size-text.ts";

const DAY_HOURS = 48;

export function statLines(stat: BufferStat): string[] {
  const { segments, bytes, bytesMax, roomBytes, bytesPerSecond } = stat;
  return [
    `state     ${stat.state}`,
    `holds     ${segments} segments, ${sizeText(bytes)} of ${sizeText(bytesMax)}`,
    `takes in  ${bytesPerSecond === undefined ? "not known yet" : `${sizeText(bytesPerSecond * 60)} a minute`}`,
    `room      ${sizeText(roomBytes)}: ${timeLeft(stat)}`,
    `dropped   ${stat.droppedReadings} readings since the start`,
    `damaged   ${stat.damagedSegments} segments since the start`,
    `epoch     ${stat.epoch}`,
  ];
}

function timeLeft({ hoursLeft, bytesPerSecond }: BufferStat): string {
  if (hoursLeft === undefined) {
    return bytesPerSecond === 0 ? "nothing comes in" : "how long it lasts is not known yet";
  }
  const span =
    hoursLeft > DAY_HOURS ? `${Math.floor(hoursLeft / 24)} days` : `${hoursLeft.toFixed(1)} hours`;
  return `${span} left at the present rate, were the cloud gone`;
}
