/** `DEVICE` or `DEVICE/TAG`, as the running agent knows it: a device that publishes need not be in the file. */
import { Misuse } from "#config/command-line/command.ts";

export interface SeriesOperand {
  readonly device: string;
  readonly tag?: string;
}

/** @throws Misuse */
export function seriesOperandOf(text: string): SeriesOperand {
  const [device = "", tag, ...more] = text.split("/");
  if (device === "" || tag === "" || more.length > 0) {
    throw new Misuse(`"${text}": expected DEVICE or DEVICE/TAG`);
  }
  return tag === undefined ? { device } : { device, tag };
}
