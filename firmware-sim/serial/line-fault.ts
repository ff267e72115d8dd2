/** How a serial line misbehaves, on demand. */
export const lineFaultKinds = ["silent", "garbage", "truncated", "unplugged"] as const;

/**
 * `silent`: no bytes. `garbage`: bytes as from a wrong baud rate, without any line's end.
 * `truncated`: every line lacks its second half and its end. `unplugged`: the device file is gone;
 * when healed there is a new one, of another name.
 */
export type LineFaultKind = (typeof lineFaultKinds)[number];

export function parseLineFault(text: string): LineFaultKind | undefined {
  return lineFaultKinds.find((kind) => kind === text);
}
