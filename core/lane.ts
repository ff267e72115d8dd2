import { hashText } from "./random.ts";

/** Lanes a gateway divides its devices into; fixed when its buffer is made. */
export const LANES_DEFAULT = 8;

/** All readings of a device travel in one lane, so that their order holds. */
export function laneOf(device: string, lanes: number): number {
  return hashText(device) % lanes;
}
