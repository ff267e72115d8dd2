/** A reading's place in the stream as one text, since stores read it back only to compare. */
import type { Edge, ReadingPlace } from "../rollup/edge.ts";

export function placeText(edge: Edge): string {
  return `${edge.lane} ${edge.seq} ${edge.index} ${edge.epoch}`;
}

export function parsePlace(text: string): { place: ReadingPlace; index: number } {
  const [lane = "", seq = "", index = ""] = text.split(" ", 3);
  const epoch = text.slice(lane.length + seq.length + index.length + 3);
  return { place: { epoch, lane: Number(lane), seq: Number(seq) }, index: Number(index) };
}
