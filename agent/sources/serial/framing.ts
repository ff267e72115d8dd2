/** Which framer a line's settings ask for. */
import type { FrameSettings } from "#config/gateway/serial-bus.ts";
import { DelimiterFramer } from "./delimiter-framer.ts";
import { IdleFramer } from "./idle-framer.ts";
import { LengthFramer } from "./length-framer.ts";
import { StartEndFramer } from "./start-end-framer.ts";

/** Cuts a stream of bytes into frames, in bounded memory. Pure: time is the driver's affair. */
export interface Framer {
  /** Frames that were thrown away because they were too long. */
  readonly tooLong: number;
  /** Frames that these bytes complete. */
  push(bytes: Uint8Array): Buffer[];
  /** Nothing came for the idle time: the frames that this completes. */
  idle(): Buffer[];
  /** Forgets an unfinished frame: after a reopened port its other half never comes. */
  reset(): void;
}

export function createFramer(settings: FrameSettings): Framer {
  const { delimiter, start, end, length, idle, maxLength } = settings;
  if (idle !== undefined) return new IdleFramer(maxLength);
  if (length !== undefined) return new LengthFramer(bytesOf(start ?? ""), length);
  if (start !== undefined) {
    return new StartEndFramer(bytesOf(start), bytesOf(end ?? delimiter), maxLength);
  }
  return new DelimiterFramer(bytesOf(delimiter), maxLength);
}

/** Each character of a setting stands for the byte of its number. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
